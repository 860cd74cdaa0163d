"""Parts are fused on one scale and in one fixed order; questions are taken apart, or refused with a reason."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xnai_pipelines.errors import QueryError
from xnai_pipelines.questions.question import LONGEST_QUESTION
from xnai_pipelines.search.query import Asked, Filters, asked, checked_question
from xnai_pipelines.search.ranking import Estimates, Unspoken, best_rows, estimated_sum, first_per_group, fused


def scores(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_each_part_is_standardised_and_weighted():
    vector, keyword = scores(0.9, 0.1, 0.5), scores(0.0, 12.0, 6.0)
    spread = np.sqrt(1.5)  # of three equidistant scores
    assert fused(vector, keyword, 1.0) == pytest.approx([spread, -spread, 0.0], abs=1e-5)
    assert fused(vector, keyword, 0.0) == pytest.approx([-spread, spread, 0.0], abs=1e-5)
    assert fused(vector, keyword, 0.25) == pytest.approx([-spread / 2, spread / 2, 0.0], abs=1e-5)


def test_the_scale_is_that_of_the_hundred_best():
    one, many = scores(*range(100)), scores(*range(100), *([-1000.0] * 5_000))
    nothing = np.zeros_like
    assert np.allclose(fused(one, nothing(one), 1.0), fused(many, nothing(many), 1.0)[:100])


def test_a_part_that_finds_nothing_takes_no_part():
    vector = scores(0.9, 0.1, 0.5)
    assert np.array_equal(np.argsort(-fused(vector, scores(0, 0, 0), 0.5)), np.argsort(-vector))


def test_passages_in_a_language_that_the_question_is_not_in_compete_by_their_vectors():
    own, foreign = scores(0.8, 0.7, 0.6, 0.5), scores(0.45, 0.2, 0.2, 0.2)
    vector, keyword = np.concatenate([own, foreign]), scores(0, 9, 6, 3, 0, 0, 0, 0)
    rows = np.arange(4, 8)

    def best(share: float) -> list[int]:
        totals = estimated_sum(
            Estimates(vector), keyword, weight=0.5, added=np.zeros(8, np.float32), unspoken=[Unspoken(rows, share)]
        )
        return totals.best(8).tolist()

    assert best(0.0) == np.argsort(-fused(vector, keyword, 0.5), kind="stable").tolist()
    assert best(0.0).index(4) == 4, "before: lower similarities, and words that nothing can match"
    assert best(1.0).index(4) < 3
    assert [row for row in best(1.0) if row < 4] == [row for row in best(0.0) if row < 4]


def test_estimates_of_two_scales_make_exact_what_decides():
    exact = scores(0.9, 0.88, 0.2, 0.21, 0.5, 0.4)
    estimates = Estimates(exact + scores(-0.01, 0.01, 0.01, -0.01, 0, 0), 0.01, lambda rows: exact[rows])
    arguments = {"weight": 0.5, "added": np.zeros(6, np.float32), "unspoken": [Unspoken(np.array([2, 3, 5]), 0.8)]}
    assert estimated_sum(estimates, np.zeros(6, np.float32), **arguments).best(6).tolist() == (
        estimated_sum(Estimates(exact), np.zeros(6, np.float32), **arguments).best(6).tolist()
    )


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.integers(1, 70))
def test_the_best_rows_are_those_of_a_full_sort_and_ties_go_by_row(values, most):
    found = best_rows(scores(*values), most).tolist()
    assert found == sorted(range(len(values)), key=lambda row: (-values[row], row))[:most]


@pytest.mark.parametrize("found", [0, 40, 5_000])
def test_of_many_scores_the_best_rows_and_their_scale_are_those_of_a_full_sort(found: int):
    drawn = np.random.default_rng(found)
    values = np.zeros(30_000, np.float32)
    values[drawn.choice(30_000, found, replace=False)] = drawn.integers(1, 900, found)
    ordered = np.argsort(-values, kind="stable")
    assert best_rows(values, 50).tolist() == ordered[:50].tolist()
    best = values[ordered[:100]].astype(np.float64)
    expected = (values - best.mean()) / best.std() if found else np.zeros(30_000)
    assert fused(values, np.zeros_like(values), 1.0) == pytest.approx(expected, abs=1e-4)


def test_an_exact_score_is_computed_once():
    exact, asked_for = scores(0.9, 0.8, 0.3, 0.2), list[int]()

    def compute(rows: np.ndarray) -> np.ndarray:
        asked_for.extend(rows.tolist())
        return exact[rows]

    estimates = Estimates(exact + np.float32(0.01), 0.02, compute)
    assert estimates.best(1).tolist() == [0]
    assert estimates.best(2).tolist() == [0, 1]
    assert estimates.at(np.array([0, 2])).tolist() == exact[[0, 2]].tolist()
    assert sorted(asked_for) == [0, 1, 2]


def test_what_may_not_be_found_is_not():
    assert best_rows(scores(1.0, -np.inf, 3.0), 10).tolist() == [2, 0]
    assert best_rows(scores(-np.inf), 10).tolist() == []


@given(st.lists(st.sampled_from("abcde")))
def test_the_first_of_each_group_stays_in_order(groups):
    first = first_per_group(np.arange(len(groups)), groups)
    assert [groups[row] for row in first] == list(dict.fromkeys(groups))
    assert first.tolist() == [groups.index(group) for group in dict.fromkeys(groups)]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("copy a folder", Asked("copy a folder")),
        ('the "signing keys" rotate', Asked("the signing keys rotate", phrases=("signing keys",))),
        ("rotate keys -signing", Asked("rotate keys", without=("signing",))),
        ("keys source:security/ lang:de", Asked("keys", filters=Filters("security/", None, "de"))),
        ("budget type:pdf", Asked("budget", filters=Filters(media_type="application/pdf"))),
        ("budget type:text/csv", Asked("budget", filters=Filters(media_type="text/csv"))),
        ("what does rm -rf do", Asked("what does rm -rf do")),
        ("zero -273.15 and -v2.1", Asked("zero -273.15 and -v2.1")),
        ("报告 -草稿", Asked("报告", without=("草稿",))),
        ('Is "reset by peer"?', Asked("Is reset by peer?", phrases=("reset by peer",))),
        ("(“signing keys”) «b c»,", Asked("(signing keys) b c,", phrases=("signing keys", "b c"))),
        ("„Haus am See“", Asked("Haus am See", phrases=("Haus am See",))),
        ('请问"数据库"怎么做', Asked("请问数据库怎么做", phrases=("数据库",))),
        ("「税金」とは", Asked("税金とは", phrases=("税金",))),
        ('5" disk, 3" disk', Asked('5" disk, 3" disk')),
        ('-"signing keys" x', Asked("x", without=("signing keys",))),
        ("Frist -„am See“ «b c»", Asked("Frist b c", phrases=("b c",), without=("am See",))),
        ('-"?" a-"b c" -"d', Asked('a-"b c" -"d')),
        ('x source:"my folder/"', Asked("x", filters=Filters("my folder/"))),
        ("notes lang:DE", Asked("notes", filters=Filters(language="de"))),
        ("notes lang:pt-BR", Asked("notes", filters=Filters(language="pt"))),
        ("hello lang:python", Asked("hello lang:python")),
        ("a type:ipynb", Asked("a", filters=Filters(media_type="application/x-ipynb+json"))),
        ("a type:Mail", Asked("a", filters=Filters(media_type="message/rfc822"))),
        ("the option --verbose", Asked("the option --verbose")),
        ("type:unknown colour:red", Asked("type:unknown colour:red")),
        ("lang:de", Asked("lang:de")),
        ("a-b well-known", Asked("a-b well-known")),
    ],
)
def test_operators_are_taken_out_of_a_question_and_anything_else_is_a_word(question: str, expected: Asked):
    assert asked(question) == expected


def test_a_filter_given_goes_before_an_operator():
    assert asked("keys lang:de", Filters(language="en")).filters.language == "en"


@pytest.mark.parametrize("question", ["", "  ", "...", "\ud800", "word \udcff", "x" * (LONGEST_QUESTION + 1)])
def test_what_is_no_question_is_refused(question: str):
    with pytest.raises(QueryError):
        checked_question(question)


@pytest.mark.parametrize("question", ["7", " 猫 ", "a" * LONGEST_QUESTION, "C++?"])
def test_a_question_loses_surrounding_white_space_alone(question: str):
    assert checked_question(question) == question.strip()
