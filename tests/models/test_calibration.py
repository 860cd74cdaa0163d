"""The calibration set is like the corpus, apart from what is evaluated, and stays until it no longer is."""

import random
from pathlib import Path

import pytest

from tests.support.backed_up import copy_home
from tests.support.workplace import Workplace, write_library
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.errors import CalibrationError
from xnai_pipelines.models.calibration import (
    CHANGED_SHARE,
    MIN_TEXTS,
    CalibrationPassage,
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


def passages(documents: int, chunks: int = 5) -> list[CalibrationPassage]:
    return [
        CalibrationPassage(f"{d}-{c}", f"d{d}", f"{d % 3}/{d}.md", 10 + 7 * ((d * chunks + c) % 25))
        for d in range(documents)
        for c in range(chunks)
    ]


def question(document: str, split: Split) -> Question:
    return Question(document, "?", (Relevant(document, None, 1),), Origin.LABELLED, split)


def test_a_set_takes_every_length_and_as_many_documents_as_there_are():
    corpus = passages(60)
    by_id = {passage.chunk_id: passage for passage in corpus}
    chosen = [by_id[chunk_id] for chunk_id in draw(corpus, 60)]
    assert len({passage.document_id for passage in chosen}) >= 40
    edges = sorted(passage.token_count for passage in corpus)
    thirds = [edges[len(edges) * n // 3] for n in (1, 2)]
    counts = [
        sum(low <= p.token_count < high for p in chosen) for low, high in ((0, thirds[0]), (*thirds,), (thirds[1], 999))
    ]
    assert min(counts) >= 15, counts


def test_a_set_does_not_depend_on_the_order_of_the_chunks():
    corpus = passages(30)
    shuffled = random.Random(1).sample(corpus, len(corpus))
    assert draw(corpus, 40) == draw(shuffled, 40)
    assert len(set(draw(corpus, 1000))) == len(corpus)


def test_documents_that_answer_evaluation_questions_are_held_out_and_training_documents_are_not():
    corpus = passages(40)
    by_rank = held_out(corpus, [])
    free = sorted({p.document_id for p in corpus} - by_rank)
    apart = held_out(
        corpus, [question(free[0], Split.TEST), question(free[1], Split.VALIDATION), question(free[2], Split.TRAIN)]
    )
    assert apart == by_rank | {free[0], free[1]}
    assert 0 < len(by_rank) < 20


def test_a_set_is_kept_until_over_a_fifth_of_the_chunks_changed():
    corpus = passages(20)
    everything = frozenset(passage.chunk_id for passage in corpus)
    known = CalibrationSet(draw(corpus[:50], 20), everything)
    assert reason_to_draw(None, corpus, frozenset()) == "no set was drawn before"
    assert reason_to_draw(known, corpus, frozenset()) is None
    fewer = [p for p in corpus if p.chunk_id in set(known.chosen)] + [p for p in corpus[50:] if p.token_count > 60]
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
