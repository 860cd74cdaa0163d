"""The calibration set is like the corpus, apart from what is evaluated, and stays until it no longer is."""

import hashlib
import random
from itertools import pairwise, zip_longest
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.backed_up import copy_home
from tests.support.workplace import Workplace, write_library
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.errors import CalibrationError
from xnai_pipelines.models.calibration import (
    CHANGED_SHARE,
    MIN_TEXTS,
    PASSAGES,
    CalibrationSet,
    calibration_overlap,
    changed_share,
    draw,
    draw_calibration,
    held_out,
    held_out_texts,
    read_calibration,
    reason_to_draw,
)
from xnai_pipelines.models.requantization import decide_requantization
from xnai_pipelines.questions.make import make_questions
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split
from xnai_pipelines.state.schemas import QUESTIONS


def passages(documents: int, chunks: int = 5) -> pa.Table:
    rows = [
        (f"{d}-{c}", f"d{d}", f"{d % 3}/{d}.md", 10 + 7 * ((d * chunks + c) % 25))
        for d in range(documents)
        for c in range(chunks)
    ]
    return pa.table(dict(zip(PASSAGES, map(list, zip(*rows, strict=True)), strict=True)))


def question(document: str, split: Split) -> Question:
    return Question(document, "?", (Relevant(document, None, 1),), Origin.LABELLED, split)


def test_a_set_takes_every_length_and_as_many_documents_as_there_are():
    corpus = passages(60)
    by_id = {passage["chunk_id"]: passage for passage in corpus.to_pylist()}
    chosen = [by_id[chunk_id] for chunk_id in draw(corpus, 60)]
    assert len({passage["document_id"] for passage in chosen}) >= 40
    edges = sorted(corpus["token_count"].to_pylist())
    thirds = [edges[len(edges) * n // 3] for n in (1, 2)]
    counts = [
        sum(low <= p["token_count"] < high for p in chosen)
        for low, high in ((0, thirds[0]), (*thirds,), (thirds[1], 999))
    ]
    assert min(counts) >= 15, counts


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 9)), max_size=25), st.integers(0, 30))
def test_of_each_length_every_document_has_its_turn(chunks: list[tuple[int, int]], wanted: int):
    rows = [{"chunk_id": str(n), "document_id": str(d), "token_count": t} for n, (d, t) in enumerate(chunks)]
    schema = pa.schema([("chunk_id", pa.string()), ("document_id", pa.string()), ("token_count", pa.int32())])
    ordered = sorted(rows, key=lambda row: (row["token_count"], rank(row["chunk_id"])))
    classes = []
    for low, high in pairwise(round(len(rows) * n / 3) for n in range(4)):
        documents: dict[str, list[str]] = {}
        for row in sorted(ordered[low:high], key=lambda row: rank(row["chunk_id"])):
            documents.setdefault(row["document_id"], []).append(row["chunk_id"])
        turns = zip_longest(*(documents[name] for name in sorted(documents, key=rank)))
        classes.append([chunk for turn in turns for chunk in turn if chunk])
    mixed = [chunk for one_of_each in zip_longest(*classes) for chunk in one_of_each if chunk]
    assert draw(pa.Table.from_pylist(rows, schema), wanted) == tuple(mixed[:wanted])


def rank(identity: str) -> bytes:
    return hashlib.blake2b(identity.encode(), digest_size=8).digest()


def test_a_set_does_not_depend_on_the_order_of_the_chunks():
    corpus = passages(30)
    shuffled = corpus.take(random.Random(1).sample(range(len(corpus)), len(corpus)))
    assert draw(corpus, 40) == draw(shuffled, 40)
    assert len(set(draw(corpus, 1000))) == len(corpus)


def test_documents_that_answer_evaluation_questions_are_held_out_and_training_documents_are_not():
    corpus = passages(40)
    by_rank = held_out(corpus, [])
    free = sorted(set(corpus["document_id"].to_pylist()) - by_rank)
    apart = held_out(
        corpus, [question(free[0], Split.TEST), question(free[1], Split.VALIDATION), question(free[2], Split.TRAIN)]
    )
    assert apart == by_rank | {free[0], free[1]}
    assert 0 < len(by_rank) < 20


def test_a_set_is_kept_until_over_a_fifth_of_the_chunks_changed():
    corpus = passages(20)
    known = CalibrationSet(draw(corpus[:50], 20), corpus["chunk_id"])
    assert reason_to_draw(None, corpus, frozenset()) == "no set was drawn before"
    assert reason_to_draw(known, corpus, frozenset()) is None
    chosen = pc.is_in(corpus["chunk_id"], pa.array(known.chosen))
    fewer = pa.concat_tables([corpus.filter(chosen), corpus[50:].filter(pc.greater(corpus[50:]["token_count"], 60))])
    assert changed_share(known, fewer) > CHANGED_SHARE
    assert "were added or removed" in str(reason_to_draw(known, fewer, frozenset()))
    assert "edited or deleted" in str(reason_to_draw(known, corpus[25:], frozenset()))
    assert "questions" in str(reason_to_draw(known, corpus, frozenset({"d0", "d1", "d2", "d3"})))


def test_a_schedule_quantizes_anew_for_other_weights_or_another_corpus_only():
    assert not decide_requantization([], "a", None).wanted
    assert decide_requantization(["b"], "a", 0.0).wanted
    assert not decide_requantization(["a"], "a", None).wanted
    assert decide_requantization(["a"], "a", 0.21).wanted
    kept = decide_requantization(["a"], "a", 0.12)
    assert not kept.wanted
    assert "12%" in kept.reason


@pytest.fixture(scope="module")
def library_once(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    work = Workplace(tmp_path_factory.mktemp("library"), built_encoder)
    write_library(work)
    work.ingest()
    make_questions(work.context(), None)
    return work


@pytest.fixture
def library(library_once: Workplace, tmp_path: Path) -> Workplace:
    """An ingested folder of many short documents, with generated questions, for a test to change."""
    return copy_home(library_once, tmp_path)


def test_the_set_of_a_home_is_drawn_once_and_holds_no_text(library: Workplace):
    first = draw_calibration(library.context(), redraw=False)
    assert first.drawn
    assert first.texts >= MIN_TEXTS
    again = draw_calibration(library.context(), redraw=False)
    assert (again.drawn, again.sha256) == (False, first.sha256)
    texts = read_calibration(library.context())
    assert len(texts) == first.texts
    assert calibration_overlap(library.tables, library.home) == []
    assert not set(texts) & set(held_out_texts(library.context(), 1000))
    stored = (library.home.state / "calibration.parquet").read_bytes()
    assert not any(word.encode() in stored for word in texts[0].split() if len(word) > 6)


def test_a_set_whose_document_was_deleted_is_drawn_anew(library: Workplace):
    first = draw_calibration(library.context(), redraw=False)
    chosen = {row["source"] for row in library.rows_of_texts(read_calibration(library.context()))}
    (library.documents / sorted(chosen)[0]).unlink()
    library.ingest()
    with pytest.raises(CalibrationError, match="edited or deleted"):
        read_calibration(library.context())
    again = draw_calibration(library.context(), redraw=False)
    assert again.drawn
    assert again.reason == "documents of the set were edited or deleted"
    assert again.sha256 != first.sha256


def test_a_document_that_becomes_the_answer_of_a_test_question_is_seen_by_the_check(library: Workplace):
    draw_calibration(library.context(), redraw=False)
    row = library.rows_of_texts(read_calibration(library.context()))[0]
    asked = {
        "question_id": "q",
        "question": "Which part?",
        "relevant": [{"document_id": row["document_id"], "chunk_id": None, "grade": 1}],
        "origin": "labelled",
        "split": "test",
    }
    library.tables.replace(QUESTIONS, [asked])
    assert calibration_overlap(library.tables, library.home) == [row["source"]]


def test_too_few_chunks_are_refused_with_what_is_needed(work: Workplace):
    work.write("a.md", "# One\n\nA single passage.\n")
    work.ingest()
    make_questions(work.context(), None)
    with pytest.raises(CalibrationError, match=f"at least {MIN_TEXTS} chunks, but only 0 of 1 can be used"):
        draw_calibration(work.context(), redraw=False)
