"""No document is on both sides of a split, and a question keeps its split as others are added."""

from collections import Counter

import numpy as np
import pytest

from xnai_pipelines.questions.question import Origin, Question, Relevant, Split
from xnai_pipelines.questions.split import split_by_document


def ask(name, *document_ids, split=None, origin=Origin.LABELLED):
    return Question(name, name, tuple(Relevant(one, None, 1) for one in document_ids), origin, split)


def splits(questions):
    return {question.question_id: question.split for question in split_by_document(questions, 1)}


def some_questions(number, documents, seed=0):
    random = np.random.default_rng(seed)
    relevant = random.integers(documents, size=(number, 2))
    return [ask(f"q{n}", *(f"d{one}" for one in pair[: 1 + (n % 4 == 0)])) for n, pair in enumerate(relevant)]


def test_connected_documents_stay_together():
    questions = split_by_document(some_questions(400, 500), seed=3)
    split_of = {}
    for question in questions:
        for document_id in question.document_ids:
            assert split_of.setdefault(document_id, question.split) is question.split


def test_shares_are_about_met():
    counts = Counter(splits([ask(f"q{n}", f"d{n}") for n in range(2000)]).values())
    assert counts[Split.TEST] == pytest.approx(1000, abs=80)
    assert counts[Split.TRAIN] == pytest.approx(800, abs=80)


def test_order_does_not_matter():
    questions = some_questions(200, 300)
    assert splits(questions) == splits(questions[::-1])


def test_further_questions_on_other_documents_move_nothing():
    before = [ask(f"q{n}", f"d{n}") for n in range(100)]
    after = splits(before + [ask(f"r{n}", f"e{n}") for n in range(100)])
    assert {name: after[name] for name in splits(before)} == splits(before)


def test_another_question_on_a_known_document_joins_its_split():
    before = [ask(f"q{n}", f"d{n}") for n in range(50)]
    after = splits([*before, *(ask(f"again{n}", f"d{n}") for n in range(50))])
    assert all(after[f"again{n}"] is splits(before)[f"q{n}"] for n in range(50))


def test_given_splits_are_kept_and_what_touches_them_joins_the_most_held_out():
    made = splits(
        [
            ask("given train", "A", "B", split=Split.TRAIN),
            ask("given test", "B", split=Split.TEST),
            ask("on A", "A", origin=Origin.GENERATED),
            ask("given validation", "C", split=Split.VALIDATION),
            ask("on C", "C"),
        ]
    )
    assert made == {
        "given train": Split.TRAIN,
        "given test": Split.TEST,
        "on A": Split.TEST,
        "given validation": Split.VALIDATION,
        "on C": Split.VALIDATION,
    }


@pytest.mark.parametrize("seed", range(8))
def test_there_is_always_a_test_split_of_each_origin(seed):
    few = [ask("one", "A"), ask("two", "B")]
    generated = [ask(f"g{n}", f"d{n}", origin=Origin.GENERATED) for n in range(40)]
    made = split_by_document([*few, *generated], seed)
    assert any(q.split is Split.TEST for q in made if q.origin is Origin.LABELLED)
    assert any(q.split is Split.TEST for q in made if q.origin is Origin.GENERATED)


@pytest.mark.parametrize("seed", range(8))
def test_questions_that_cannot_be_divided_are_tested(seed):
    tangled = [ask(f"q{n}", "hub", f"d{n}") for n in range(90)]
    made = split_by_document([*tangled, ask("other", "alone")], seed)
    assert Counter(question.split for question in made)[Split.TEST] >= 90


def test_no_questions_are_no_questions():
    assert split_by_document([], 1) == ()
