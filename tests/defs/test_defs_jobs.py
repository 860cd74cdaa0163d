"""A run of the job `refresh` stores what it says, shows it on its assets, and does nothing twice."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from tests.support.adaptation_world import copy_world
from tests.support.pipeline import Pipeline, failures, materialized, settled, variables
from tests.support.workplace import Workplace, five_files
from xnai_pipelines.answers.make import last_answers
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.evaluation.make import last_evaluation
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, QUESTIONS

pytestmark = pytest.mark.slow

ASSETS = ("documents", "chunks", "embeddings", "questions", "retrieval_evaluation")
EVALUATED = [dg.AssetKey("retrieval_evaluation")]
Ran = dg.ExecuteInProcessResult
TABLES = {"documents": DOCUMENTS, "chunks": CHUNKS, "questions": QUESTIONS}


@pytest.fixture(scope="module")
def first(
    tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder, mlflow_database: Path
) -> tuple[Workplace, Ran]:
    """A folder of five files and its home after the first run, which tests only read, and the run."""
    work = five_files(Workplace(tmp_path_factory.mktemp("first"), built_encoder))
    shutil.copy(mlflow_database, work.home.root)
    with settled(variables(work)), dg.DagsterInstance.ephemeral() as instance:
        result = Pipeline(work, instance).run()
    assert result.success, failures(result)
    return work, result


@pytest.fixture
def filled(first: tuple[Workplace, Ran], tmp_path: Path) -> Iterator[Pipeline]:
    """A copy of that home, for a test to change."""
    work = copy_world(first[0], tmp_path)
    with settled(variables(work)), dg.DagsterInstance.ephemeral() as instance:
        yield Pipeline(work, instance)


def checks(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {check.check_name: check.passed for check in result.get_asset_check_evaluations()}


def columns(metadata: dict[str, object]) -> list[str]:
    return [column.name for column in metadata["dagster/column_schema"].columns]


def test_a_run_shows_on_each_asset_what_it_stored(first):
    work, result = first
    shown = {asset: materialized(result, asset) for asset in ASSETS}

    for asset, spec in TABLES.items():
        assert shown[asset]["dagster/row_count"] == len(work.rows(spec)) > 0
        assert shown[asset]["dagster/table_name"] == spec.name
        assert columns(shown[asset]) == spec.schema.names
        assert all(column.description for column in shown[asset]["dagster/column_schema"].columns)
        assert shown[asset]["preview"].startswith("| ")
    vectors = work.embeddings
    assert shown["embeddings"]["dagster/row_count"] == shown["chunks"]["dagster/row_count"]
    assert columns(shown["embeddings"]) == vectors.schema.names

    documents = shown["documents"]
    assert documents["files_new"] == 5
    assert documents["documents_written"] == documents["dagster/row_count"] == 4
    assert "| documents | 4 |" in documents["entries"]
    assert "| quarantined | 1 |" in documents["entries"]
    assert "broken.pdf" in documents["quarantine"]
    assert shown["chunks"]["documents_cut"] == 4
    assert (shown["embeddings"]["encoded"], shown["embeddings"]["from_cache"]) == (len(work.rows(CHUNKS)), 0)
    assert shown["embeddings"]["release"] == 1
    assert all(metadata["seconds"] >= 0 for metadata in shown.values())

    evaluation = shown["retrieval_evaluation"]
    assert evaluation["measured_in_this_run"] is True
    assert evaluation["modes"].startswith("![modes](data:image/png;base64,")
    assert evaluation["history"].startswith("![history](data:image/png;base64,")
    assert "hybrid" in evaluation["summary"]
    kept = json.loads((work.home.state / "evaluation.json").read_text())
    assert evaluation["mlflow_run"].endswith(f"/runs/{kept['mlflow_run']['run_id']}")
    assert evaluation["mlflow_run"].startswith("http://127.0.0.1:5000/#/experiments/")
    assert any(name.startswith("figures/") for name in evaluation)


def test_every_column_is_traced_to_columns_that_exist(first):
    _, result = first
    stored = {asset: set(columns(materialized(result, asset))) for asset in ("documents", "chunks", "embeddings")}
    for asset, upstream in (("chunks", "documents"), ("embeddings", "chunks")):
        lineage = materialized(result, asset)["dagster/column_lineage"].deps_by_column
        assert set(lineage) <= stored[asset]
        origins = [origin for found in lineage.values() for origin in found]
        assert {origin.asset_key.to_user_string() for origin in origins} == {upstream}
        assert {origin.column_name for origin in origins} <= stored[upstream]


def test_all_checks_pass_but_the_one_on_the_broken_file(first):
    results = checks(first[1])
    assert len(results) == 16
    assert [name for name, passed in results.items() if not passed] == ["quarantine_rate"]


def test_a_second_run_changes_nothing_and_measures_nothing(filled):
    assert filled.run("ingest", [dg.AssetKey("documents")]).success  # notes the times of the copied files
    before = filled.work.versions()
    result = filled.run()
    assert result.success
    assert filled.work.versions() == before
    documents, embeddings = materialized(result, "documents"), materialized(result, "embeddings")
    assert (documents["files_new"], documents["files_unchanged"], documents["documents_written"]) == (0, 5, 0)
    assert (embeddings["encoded"], embeddings["from_cache"], embeddings["removed"]) == (0, 0, 0)
    assert materialized(result, "chunks")["documents_cut"] == 0
    evaluation = materialized(result, "retrieval_evaluation")
    assert evaluation["measured_in_this_run"] is False
    forced = filled.run("evaluate", EVALUATED, retrieval_evaluation={"force": True})
    assert materialized(forced, "retrieval_evaluation")["measured_in_this_run"] is True


def test_a_blocking_check_that_fails_keeps_what_follows_from_running(filled):
    filled.work.tables.open("chunks").update(where="source = 'notes/sun.txt'", values={"text": "Other words."})
    result = filled.run()
    assert not result.success
    assert checks(result)["offsets_hold"] is False
    assert "offsets_hold" in failures(result)["chunks_offsets_hold"]
    ran = {event.step_key for event in result.all_events if event.is_step_success}
    assert {"documents", "chunks"} <= ran
    assert ran.isdisjoint({"embeddings", "questions", "retrieval_evaluation"})


def test_what_a_person_asks_for_in_the_launchpad_is_done(filled):
    result = filled.run(
        "ingest", documents={"retry_quarantined": True, "verify": True}, embeddings={"new_release": True}
    )
    assert materialized(result, "documents")["files_to_retry"] == 1
    renewed = materialized(result, "embeddings")
    assert (renewed["release"], renewed["from_cache"]) == (2, len(filled.work.rows(CHUNKS)))


def test_a_folder_with_nothing_to_ask_about_is_released_and_a_warning_says_why_nothing_is_measured(filled, tmp_path):
    (tmp_path / "none.jsonl").write_text("")
    with settled(variables(filled.work, questions=tmp_path / "none.jsonl")):
        result = filled.run("refresh")
    assert result.success, failures(result)
    assert materialized(result, "questions")["dagster/row_count"] == 0
    for asset in ("retrieval_evaluation", "answer_evaluation", "graph_evaluation"):
        assert materialized(result, asset)["figures"].startswith("not measured. "), asset
    [warning] = [check for check in result.get_asset_check_evaluations() if check.check_name == "accuracy_floor"]
    assert (warning.passed, warning.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "Set XNAI_QUESTIONS to a file of labelled questions" in warning.description
    assert last_evaluation(filled.work.home) is None  # that of the first run was of questions that are gone
    assert last_answers(filled.work.home) is None
    assert filled.work.search().search("rain", 1)[0].source == "notes/rain.txt"


def test_labelled_questions_take_the_place_of_generated_ones(filled, tmp_path):
    labels = tmp_path / "questions.jsonl"
    rows = [
        {"question": "what did the weather do to the grass", "documents": ["notes/sun.txt"]},
        {"question": "why was there a flood", "documents": ["notes/rain.txt", "notes/none.txt"]},
    ]
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with settled(variables(filled.work, questions=labels)):
        result = filled.run("refresh", [dg.AssetKey("questions"), *EVALUATED])
    shown = materialized(result, "questions")
    assert "| labelled | 2 |" in shown["origin"]
    assert shown["unresolved_labels"] == 1
    assert "labelled questions" in materialized(result, "retrieval_evaluation")["questions"]


def test_maintenance_says_what_it_freed(filled):
    result = filled.run("maintain")
    assert result.success, failures(result)
    [handled] = [event for event in result.all_events if event.event_type_value == "STEP_OUTPUT"]
    shown = {name: value.value for name, value in handled.event_specific_data.metadata.items()}
    assert shown["bytes_before"] > 0
    assert shown["bytes_after"] > 0


def test_a_run_that_does_not_ingest_gives_tables_the_columns_of_this_version_first(filled: Pipeline):
    filled.work.tables.open(CHUNKS.name).drop_columns(["sections"])
    assert filled.run("maintain").success
    assert "sections" in filled.work.tables.open(CHUNKS.name).schema.names


def test_an_edit_costs_only_its_own_work_and_reaches_the_index_while_the_settings_name_another_encoder(filled):
    released = filled.work.search().release
    filled.work.write("notes/rain.txt", "Hail fell on the hills.\n")
    (filled.work.documents / "notes/sun.txt").unlink()
    with settled(variables(filled.work, variant="fp32")):
        result = filled.run("ingest")
    assert result.success, failures(result)
    assert not checks(result)["release_follows_settings"]
    documents, embeddings = materialized(result, "documents"), materialized(result, "embeddings")
    assert (documents["files_edited"], documents["files_deleted"]) == (1, 1)
    assert materialized(result, "chunks")["documents_cut"] == 1
    assert (embeddings["encoded"], embeddings["removed"]) == (1, 2)
    found = filled.work.search().release
    assert replace(found, graph=released.graph) == released  # the graph is that of the documents as they are now
    filled.work.check_whole()
