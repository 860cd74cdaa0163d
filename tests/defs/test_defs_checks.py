"""Each check passes on what a run left, and fails on what it is there to find."""

import math
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from tests.support.pipeline import five_files, settled, variables
from tests.support.workplace import Workplace
from xnai_pipelines.defs.chunks.checks import no_orphan_chunks, offsets_hold
from xnai_pipelines.defs.documents.checks import every_file_accounted_for, quarantine_rate
from xnai_pipelines.defs.embeddings.checks import no_orphan_embeddings, release_follows_settings, vectors_are_sound
from xnai_pipelines.defs.questions.checks import answers_exist
from xnai_pipelines.defs.resources.configured import configured
from xnai_pipelines.defs.resources.source import SourceResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.defs.retrieval_evaluation.checks import accuracy_floor
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.evaluation.evaluate import evaluate
from xnai_pipelines.questions.make import make_questions
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split
from xnai_pipelines.settings import settings
from xnai_pipelines.state.layout import write_bytes
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, FILES, QUARANTINE, QUESTIONS, TableSpec


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    work = five_files(Workplace(tmp_path_factory.mktemp("ingested"), built_encoder))
    work.ingest()
    make_questions(work.context(), None)
    return work


@pytest.fixture
def work(ingested: Workplace, tmp_path: Path) -> Iterator[Workplace]:
    """A folder of five files, one of them broken, and the home that took it in; to be broken further."""
    shutil.copytree(ingested.home.root, tmp_path / "home", symlinks=True)
    shutil.copytree(ingested.documents, tmp_path / "documents")
    (tmp_path / "home" / "home.json").unlink()  # which names the folder that was copied
    with settled(variables(home=tmp_path / "home", documents=tmp_path / "documents", quarantine_rate=0.5)):
        yield Workplace(tmp_path, ingested.encoder)


def stores() -> StoresResource:
    return configured(settings())["stores"]


def source() -> SourceResource:
    return configured(settings())["source"]


def first(work: Workplace, spec: TableSpec) -> str:
    return min(work.rows(spec))


def update(work: Workplace, spec: TableSpec, **values: object) -> str:
    """Change a row as nothing but a fault would; return its key."""
    key = first(work, spec)
    work.tables.open(spec.name).update(where=f"{spec.key} = '{key}'", values=values)
    return key


def delete(work: Workplace, spec: TableSpec) -> str:
    key = first(work, spec)
    work.tables.open(spec.name).delete(f"{spec.key} = '{key}'")
    return key


def shown(result: dg.AssetCheckResult, name: str) -> object:
    return result.metadata[name].value


class TestEveryFileAccountedFor:
    def result(self) -> dg.AssetCheckResult:
        return every_file_accounted_for(stores(), source())

    def test_it_passes_after_a_run(self, work):
        result = self.result()
        assert result.passed
        assert shown(result, "entries_in_folder") == shown(result, "entries_in_ledger") == 5

    def test_a_file_added_since_is_named(self, work):
        work.write("late.txt", "Late.\n")
        assert not self.result().passed
        assert shown(self.result(), "missing") == ["late.txt"]

    def test_a_file_removed_since_is_named(self, work):
        (work.documents / "guide.md").unlink()
        assert not self.result().passed
        assert shown(self.result(), "vanished_since") == ["guide.md"]

    @pytest.mark.parametrize("spec", [FILES, DOCUMENTS, QUARANTINE], ids=lambda spec: spec.name)
    def test_a_row_lost_from_any_of_the_tables_is_found(self, work, spec):
        delete(work, spec)
        assert not self.result().passed


class TestQuarantineRate:
    def test_it_passes_at_the_allowed_share(self, work):
        with settled(variables(work, quarantine_rate=0.2)):
            result = quarantine_rate(stores())
        assert result.passed
        assert shown(result, "rate") == 0.2

    def test_it_warns_above_the_allowed_share(self, work):
        with settled(variables(work, quarantine_rate=0.19)):
            result = quarantine_rate(stores())
        assert not result.passed
        assert result.severity is dg.AssetCheckSeverity.WARN

    def test_it_passes_where_nothing_was_read_yet(self, work):
        work.tables.open("files").delete("true")
        assert quarantine_rate(stores()).passed


class TestOffsetsHold:
    def test_it_passes_after_a_run(self, work):
        result = offsets_hold(stores())
        assert result.passed
        assert shown(result, "chunks") == len(work.rows(CHUNKS)) > 0

    @pytest.mark.parametrize("values", [{"start": 1}, {"end": 3}, {"text": "Other words."}], ids=str)
    def test_a_chunk_that_is_not_where_it_says_is_named(self, work, values):
        key = update(work, CHUNKS, **values)
        result = offsets_hold(stores())
        assert not result.passed
        assert shown(result, "wrong") == [key]

    def test_a_document_that_changed_under_its_chunks_is_found(self, work):
        update(work, DOCUMENTS, text="Another text altogether.")
        assert not offsets_hold(stores()).passed


class TestNoOrphanChunks:
    def test_it_passes_after_a_run(self, work):
        assert no_orphan_chunks(stores()).passed

    def test_a_chunk_without_its_document_is_found(self, work):
        key = delete(work, DOCUMENTS)
        result = no_orphan_chunks(stores())
        assert not result.passed
        assert shown(result, "orphans") == [key]

    def test_a_document_without_chunks_is_found(self, work):
        key = first(work, DOCUMENTS)
        work.tables.open("chunks").delete(f"document_id = '{key}'")
        result = no_orphan_chunks(stores())
        assert not result.passed
        assert shown(result, "without_chunks") == [key]


def set_vector(work: Workplace, vector: list[float] | None) -> None:
    spec = work.embeddings
    row = work.rows(spec)[first(work, spec)] | {"vector": vector}
    replacing = work.tables.open(spec.name).merge_insert(spec.key).when_matched_update_all()
    # LanceDB itself refuses such vectors, unless it is told what to put there instead: the same
    instead = {"on_bad_vectors": "null"} if vector is None else {"on_bad_vectors": "fill", "fill_value": float("nan")}
    replacing.execute(pa.Table.from_pylist([row], schema=spec.schema), **instead)
    stored = work.rows(spec)[row["chunk_id"]]["vector"]
    assert stored == pytest.approx(vector) or math.isnan(stored[0])


class TestVectorsAreSound:
    def test_it_passes_after_a_run(self, work):
        result = vectors_are_sound(stores())
        assert result.passed
        assert shown(result, "vectors") == len(work.rows(CHUNKS))
        assert shown(result, "furthest_from_unit_length") < 1e-3

    @pytest.mark.parametrize(
        "vector",
        [[0.0] * 384, [1.0] + [0.1] * 383, [float("nan")] * 384, [float("inf")] + [0.0] * 383, None],
        ids=["zero", "longer", "not a number", "infinite", "none"],
    )
    def test_a_vector_that_is_not_finite_and_of_unit_length_is_counted(self, work, vector):
        set_vector(work, vector)
        result = vectors_are_sound(stores())
        assert not result.passed
        assert shown(result, "unsound") == 1

    def test_a_vector_of_another_space_is_found(self, work):
        update(work, work.embeddings, vector_space="another")
        result = vectors_are_sound(stores())
        assert not result.passed
        assert "another" in shown(result, "vector_spaces")


class TestNoOrphanEmbeddings:
    def test_it_passes_after_a_run(self, work):
        assert no_orphan_embeddings(stores()).passed

    def test_a_vector_whose_chunk_is_gone_is_found(self, work):
        key = delete(work, CHUNKS)
        result = no_orphan_embeddings(stores())
        assert not result.passed
        assert shown(result, "orphans") == [key]

    def test_a_chunk_that_search_cannot_find_is_found(self, work):
        key = delete(work, work.embeddings)
        result = no_orphan_embeddings(stores())
        assert not result.passed
        assert shown(result, "missing") == [key]


class TestAnswersExist:
    def test_it_passes_after_a_run(self, work):
        result = answers_exist(stores())
        assert result.passed
        assert shown(result, "questions") == len(work.rows(QUESTIONS)) > 0

    @pytest.mark.parametrize("spec", [DOCUMENTS, CHUNKS], ids=lambda spec: spec.name)
    def test_a_question_whose_answer_is_gone_is_shown(self, work, spec):
        work.tables.open(spec.name).delete("true")
        result = answers_exist(stores())
        assert not result.passed
        assert set(shown(result, "lost_answers")) == {row["question"] for row in work.rows(QUESTIONS).values()}


class TestReleaseFollowsSettings:
    def test_it_passes_while_the_settings_name_the_releases_encoder(self, work):
        resources = configured(settings())
        assert release_follows_settings(stores(), resources["encoder"]).passed

    def test_it_warns_when_they_name_another(self, work):
        another = configured(settings().model_copy(update={"precision": "fp32"}))["encoder"]
        result = release_follows_settings(stores(), another)
        assert not result.passed
        assert result.severity is dg.AssetCheckSeverity.WARN


class TestAccuracyFloor:
    def result(self, work: Workplace, found: list[bool], origin: Origin = Origin.LABELLED) -> dg.AssetCheckResult:
        """Judge an evaluation of which each test question is found by hybrid search, or not, and each other one is."""
        tested = [
            Question(f"q{i}", f"q{i}", (Relevant(f"d{i}", None, 1),), origin, Split.TEST) for i in range(len(found))
        ]
        trained = [replace(question, question_id=f"{question.question}t", split=Split.TRAIN) for question in tested]
        answers = {f"q{i}": f"d{i}" if one else "other" for i, one in enumerate(found)}
        evaluation = evaluate(
            [*tested, *trained],
            ["hybrid", "vector"],
            lambda question, mode, k: [("c", answers[question], 1.0)] if mode == "hybrid" else [],
            fingerprint="",
            splits_given=True,
            documents={},
            settings={},
        )
        write_bytes(work.home.reports / "evaluation" / "report.json", evaluation.report.to_json().encode())
        return accuracy_floor(stores())

    def test_it_passes_when_the_floor_is_reached(self, work):
        result = self.result(work, [True] * 7 + [False] * 3)
        assert result.passed
        assert (shown(result, "share"), shown(result, "questions")) == (0.7, 10)

    def test_it_warns_below_the_floor(self, work):
        result = self.result(work, [True] * 69 + [False] * 31)
        assert not result.passed
        assert result.severity is dg.AssetCheckSeverity.WARN

    def test_generated_questions_are_not_judged(self, work):
        result = self.result(work, [False] * 10, Origin.GENERATED)
        assert result.passed
        assert "no labelled questions" in result.description
