"""What is trained on has nothing to do with what is evaluated, and is mined once for each state."""

import json
from collections.abc import Iterable

import pytest

from tests.support.adaptation_world import TESTED, TRAINED, VALIDATED, mine, source
from tests.support.workplace import Workplace
from xnai_pipelines.adapters.training_pairs import (
    TrainingPairsReport,
    leaked_documents,
    read_training_pairs,
    read_training_pairs_report,
)
from xnai_pipelines.documents.identity import document_id
from xnai_pipelines.errors import NoTrainingPairsError
from xnai_pipelines.questions.make import make_questions
from xnai_pipelines.questions.question import Split
from xnai_pipelines.search.query import Mode
from xnai_pipelines.state.schemas import CHUNKS, QUESTIONS, TRAINING_PAIRS

pytestmark = pytest.mark.slow

KETTLE = source("copper kettle", 0)
TABLE = source("oak table", 0)


def documents_of(things: Iterable[str]) -> set[str]:
    return {document_id(source(thing, number)) for thing in things for number in range(2)}


def report_of(work: Workplace) -> TrainingPairsReport:
    report = read_training_pairs_report(work.home)
    assert report
    return report


def used(work: Workplace, split: Split) -> set[str]:
    """Return the documents of a split's pairs, answers and hard negatives."""
    chunks = work.rows(CHUNKS)
    rows = [row for row in work.rows(TRAINING_PAIRS).values() if row["split"] == split]
    assert rows
    return {chunks[chunk]["document_id"] for row in rows for chunk in (row["chunk_id"], *row["negatives"])}


def ask(work: Workplace, question: str, *sources: str, split: str = "train") -> None:
    """Add a labelled question."""
    path = work.documents.parent / "questions.jsonl"
    line = json.dumps({"question": question, "documents": sources, "split": split})
    path.write_text(path.read_text() + line + "\n")
    make_questions(work.context(), path)


def test_no_document_of_an_evaluation_question_is_an_answer_or_a_hard_negative(adapted: Workplace):
    mine(adapted, negatives=16)
    assert used(adapted, Split.TRAIN) == documents_of(TRAINED)
    assert leaked_documents(adapted.tables) == {}
    # the curve of a training may know the validation documents, and never those of the test
    assert used(adapted, Split.VALIDATION).isdisjoint(documents_of(TESTED))
    report = report_of(adapted)
    assert (report.pairs, report.validation_pairs, report.documents) == (40, 4, 20)
    assert report.by_origin == {"labelled": 40}


def test_a_passage_is_no_hard_negative_of_its_own_document_or_another_answer(adapted: Workplace):
    ask(adapted, "Which table or gate was made in a workshop?", TABLE, source("iron gate", 0))
    mine(adapted, negatives=16)
    chunks = adapted.rows(CHUNKS)
    both = {document_id(TABLE), document_id(source("iron gate", 0))}
    rows = adapted.rows(TRAINING_PAIRS).values()
    asked = [row for row in rows if row["question"].startswith("Which table or gate")]
    assert {row["document_id"] for row in asked} == both
    for row in rows:
        negatives = {chunks[chunk]["document_id"] for chunk in row["negatives"]}
        assert negatives.isdisjoint(both if row in asked else {row["document_id"]})


@pytest.mark.parametrize("place", ["answer", "hard negative"])
def test_a_leak_put_there_by_hand_is_found(adapted: Workplace, place: str):
    chunk = next(row for row in adapted.rows(CHUNKS).values() if row["source"] == KETTLE)
    row = next(row for row in adapted.rows(TRAINING_PAIRS).values() if row["split"] == Split.TRAIN)
    if place == "answer":
        row |= {"document_id": chunk["document_id"], "chunk_id": chunk["chunk_id"]}
    else:
        row |= {"negatives": [chunk["chunk_id"]]}
    adapted.tables.merge_rows(TRAINING_PAIRS, [row])
    assert leaked_documents(adapted.tables) == {chunk["document_id"]: 1}


@pytest.mark.parametrize("other", [TESTED[0], VALIDATED[0]])
def test_a_training_question_that_an_evaluation_document_answers_is_dropped_and_counted(adapted: Workplace, other: str):
    ask(adapted, "Which of them was made in a workshop?", TABLE, source(other, 0))
    mine(adapted)
    report = report_of(adapted)
    assert (report.dropped, report.pairs) == (1, 40)
    assert not any("Which of them" in row["question"] for row in adapted.rows(TRAINING_PAIRS).values())
    assert leaked_documents(adapted.tables) == {}


def test_generated_questions_about_free_documents_fill_up_where_labels_are_few(adapted: Workplace):
    adapted.write("free.md", "# The lighthouse\n\nThe lighthouse was built on a cliff above the northern harbour.\n")
    adapted.ingest()
    mine(adapted, least_pairs=50)
    report = report_of(adapted)
    assert report.by_origin == {"labelled": 40, "generated": 10}
    assert used(adapted, Split.TRAIN) <= {*documents_of(TRAINED), document_id("free.md")}
    assert leaked_documents(adapted.tables) == {}


def test_nothing_is_mined_again_where_nothing_changed(adapted: Workplace):
    before = adapted.tables.version(TRAINING_PAIRS)
    mine(adapted)
    assert adapted.tables.version(TRAINING_PAIRS) == before
    mine(adapted, negatives=2)
    assert report_of(adapted).negatives == 80
    sha256 = report_of(adapted).sha256
    mine(adapted)
    assert report_of(adapted).sha256 != sha256


def test_a_deleted_document_leaves_no_pair(adapted: Workplace):
    (adapted.documents / TABLE).unlink()
    adapted.ingest()
    # its passages are gone at once, its rows with the next mining
    assert len(read_training_pairs(adapted.tables, Split.TRAIN)) == 38
    make_questions(adapted.context(), adapted.documents.parent / "questions.jsonl")
    mine(adapted)
    assert report_of(adapted).pairs == len(adapted.tables.read(TRAINING_PAIRS, ["pair_id"], "split = 'train'")) == 38
    assert document_id(TABLE) not in used(adapted, Split.TRAIN)


def test_without_questions_there_is_nothing_to_train_on(adapted: Workplace):
    rows = list(adapted.rows(QUESTIONS).values())
    adapted.tables.replace(QUESTIONS, [row for row in rows if row["split"] == Split.TEST])
    with pytest.raises(NoTrainingPairsError, match=r"0 questions are in the training split.*Label more questions"):
        mine(adapted)
    adapted.tables.replace(QUESTIONS, [row for row in rows if row["split"] == Split.TEST])
    with pytest.raises(NoTrainingPairsError):
        mine(adapted)
    assert report_of(adapted).pairs == 40


def test_where_vectors_mislead_the_words_of_a_question_choose_the_passage(adapted: Workplace):
    """The encoder hardly knows Russian; what the question is about is named in the second section alone."""
    adapted.write(
        "дом.md",
        "# Дом\n\n## Сундуки\n\nПечати хранили в сундуках, сундуки хранил хранитель, а хранилище стояло у реки.\n\n"
        "## Лестница\n\nПо средам сургуч лежит под лестницей, в ящике без крышки, рядом с верёвкой и старой щёткой для "
        "сапог.\n",
    )
    adapted.ingest()
    question = "Где хранят сургуч?"
    ask(adapted, question, "дом.md")
    [first, *_] = [hit for hit in adapted.search().search(question, 50, Mode.VECTOR) if hit.source == "дом.md"]
    assert "хранитель" in first.text
    mine(adapted)
    chunks = adapted.rows(CHUNKS)
    [pair] = [row for row in adapted.rows(TRAINING_PAIRS).values() if row["question"] == question]
    assert "под лестницей" in chunks[pair["chunk_id"]]["text"]
