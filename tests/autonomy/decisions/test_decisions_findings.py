"""What an evaluation shows to be degraded: by mode and slice, with the questions compared that can be."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from tests.support.degradation_nights import ENGLISH, FALLEN, RUSSIAN, THRESHOLDS, Group, fallen, night, steady
from xnai_pipelines.autonomy.decisions.findings import NEW, Degradation, Limit, findings
from xnai_pipelines.autonomy.decisions.logged_evaluation import LoggedEvaluation
from xnai_pipelines.autonomy.decisions.thresholds import Thresholds
from xnai_pipelines.evaluation.per_question import PER_QUESTION
from xnai_pipelines.evaluation.slices import OVERALL, Slice


def found(baseline, after, thresholds=THRESHOLDS, **given) -> dict[tuple[str, str, str], Degradation]:
    return {(f.kind, str(f.part), f.mode): f for f in findings(baseline, after, thresholds, **given)}


def test_the_same_questions_are_compared_one_by_one():
    (finding,) = [f for f in findings(night(0, ENGLISH), night(1, FALLEN), THRESHOLDS) if f.mode == "vector"]
    assert (finding.kind, finding.part, finding.questions, finding.paired) == (Limit.BELOW_CHAMPION, OVERALL, 120, True)
    assert finding.difference.mean == pytest.approx(finding.value - finding.reference)
    assert finding.difference.low < finding.difference.mean < finding.difference.high < 0
    assert finding.beyond == pytest.approx(-finding.difference.mean - 0.02)
    assert finding.words == (
        "all questions, vector: nDCG@10 0.51, 0.08 below the champion at release "
        "(95 % interval 0.03 to 0.12; the same 120 questions)"
    )


def test_a_fall_within_the_tolerance_is_none_however_sure():
    slightly = replace(ENGLISH, ndcg=np.clip(steady(120) - 0.015, 0, 1))
    assert findings(night(0, ENGLISH), night(1, slightly), THRESHOLDS) == ()
    strict = replace(THRESHOLDS, tolerance=0.005)
    assert findings(night(0, ENGLISH), night(1, slightly), strict) != ()


def test_a_fall_that_may_be_chance_is_none_however_large():
    few = Group("few", [1.0, 1.0, 1.0, 1.0])
    assert findings(night(0, few), night(1, replace(few, ndcg=[1.0, 1.0, 0.3, 0.3])), THRESHOLDS) == ()


def test_a_gain_is_no_finding():
    assert findings(night(0, FALLEN), night(1, ENGLISH), THRESHOLDS) == ()


def test_a_fall_of_one_mode_is_found_in_it_alone():
    after = replace(ENGLISH, hybrid=FALLEN.ndcg)
    assert set(found(night(0, ENGLISH), night(1, after))) == {("below_champion", "all questions", "hybrid")}
    assert findings(night(0, ENGLISH), night(1, replace(after, modes=("vector", "keyword"))), THRESHOLDS) == ()


def test_a_folder_that_fell_is_named_though_all_questions_together_hardly_did():
    there = [Group("a", steady(200), folder="a"), Group("b", steady(40, 1), folder="b")]
    after = [there[0], replace(there[1], ndcg=fallen(steady(40, 1), 14))]
    first = findings(night(0, *there), night(1, *after), THRESHOLDS)[0]
    assert (first.part, first.questions, first.paired) == (Slice("folder", "b"), 40, True)
    assert first.cause(7) == "below_champion:folder=b@release7"


def test_a_slice_of_too_few_questions_is_not_judged_by_itself():
    there = [Group("a", steady(200), folder="a"), Group("b", steady(29, 1), folder="b")]
    after = [there[0], replace(there[1], ndcg=[0.0] * 29)]
    parts = {f.part for f in findings(night(0, *there), night(1, *after), THRESHOLDS)}
    assert parts == {OVERALL}


def test_new_questions_are_held_against_the_champion_at_release():
    by = found(night(0, ENGLISH), night(1, ENGLISH, RUSSIAN))
    russian, new = by["below_champion", "language ru", "vector"], by["below_champion", str(NEW), "vector"]
    assert (russian.questions, russian.paired) == (60, False)
    assert russian.reference == pytest.approx(steady(120).mean())
    assert russian.words.endswith("60 new questions against 120 at release)")
    assert (new.value, new.cause(1)) == (russian.value, "below_champion:new@release1")
    assert ("below_champion", "language en", "vector") not in by
    assert str(next(iter(by.values())).part) == "language ru"


def test_a_slice_below_the_floor_is_one_whatever_the_champion_is():
    by = found(None, night(1, ENGLISH, RUSSIAN), Thresholds())
    assert ("floor", "language ru", "vector") in by
    assert ("floor", "language en", "vector") not in by


def test_new_questions_of_a_slice_are_held_against_that_slice_where_it_has_enough():
    hard = Group("hard", steady(40, 1) * 0.4, folder="hard")
    harder = replace(hard, name="new", ndcg=steady(40, 2) * 0.4)
    by = found(night(0, ENGLISH, hard), night(1, ENGLISH, hard, harder))
    assert not [key for key in by if key[1] == "folder hard"]
    without = found(night(0, ENGLISH), night(1, ENGLISH, harder))
    assert ("below_champion", "folder hard", "vector") in without


def test_a_slice_with_too_few_common_and_too_few_new_questions_is_judged_by_all_of_them():
    old = Group("old", steady(20, 1), language="ru")
    baseline = night(0, ENGLISH, old)
    after = night(1, ENGLISH, replace(old, ndcg=[0.0] * 20), Group("new", [0.0] * 20, language="ru"))
    russian = found(baseline, after)["below_champion", "language ru", "vector"]
    assert (russian.questions, russian.paired) == (40, False)


def test_the_floor_is_missed_when_chance_does_not_explain_it():
    def at(share):
        right = round(share * 100)
        return night(1, Group("q", [1.0] * right + [0.0] * (100 - right)))

    assert findings(None, at(0.65), Thresholds()) == ()
    (vector, _) = findings(None, at(0.55), Thresholds())
    assert (vector.kind, vector.value, vector.reference, vector.difference) == (Limit.FLOOR, 0.55, 0.7, None)
    assert vector.words == (
        "all questions, vector: 55 % of 100 questions have a right document in the top 10, below the floor of 70 %"
    )


def test_labelled_test_questions_stand_for_accuracy_and_others_where_there_are_none():
    trained = replace(FALLEN, name="t", split="train")
    generated = replace(FALLEN, name="g", origin="generated")
    held_out = night(0, ENGLISH, trained, generated)
    assert held_out.chosen() == ("labelled", "test")
    worse = [replace(group, ndcg=[0.0] * 120) for group in (trained, generated)]
    assert findings(held_out, night(1, ENGLISH, *worse), THRESHOLDS) == ()
    assert night(0, trained, generated).chosen() == ("labelled", None)
    assert night(0, generated).chosen() == ("generated", "test")
    assert night(0, replace(generated, split="train")).chosen() == ("generated", None)


def test_an_evaluation_without_questions_shows_nothing():
    nothing = LoggedEvaluation("run", night(0).evaluated_at, 1, PER_QUESTION.empty_table())
    assert nothing.chosen() is None
    assert findings(night(0, ENGLISH), nothing, THRESHOLDS) == ()
    assert findings(nothing, night(1, ENGLISH), THRESHOLDS) == ()


def test_searches_that_raised_are_no_fall_and_too_many_of_them_are_a_finding_of_their_own():
    some = replace(ENGLISH, raised=12)
    assert findings(night(0, ENGLISH), night(1, some), THRESHOLDS) == ()
    many = found(night(0, ENGLISH), night(1, replace(FALLEN, raised=13)))
    assert {kind for kind, _, _ in many} == {Limit.ERRORS}
    assert many["errors", "all questions", "vector"].words == (
        "all questions, vector: 10.8 % of 120 searches failed, above 10 %"
    )
    every = found(night(0, ENGLISH), night(1, replace(ENGLISH, raised=120)))
    assert every["errors", "all questions", "hybrid"].value == 1


def test_questions_that_raised_at_release_are_neither_common_nor_new():
    baseline = night(0, replace(ENGLISH, raised=40))
    after = night(1, replace(ENGLISH, ndcg=[0.0] * 40 + list(steady(120)[40:])))
    assert Limit.BELOW_CHAMPION not in {f.kind for f in findings(baseline, after, THRESHOLDS)}


def test_slow_answers_are_found_by_the_95th_percentile():
    slow = Group("slow", steady(5), latency_ms=500.0)
    assert findings(None, night(1, ENGLISH, slow), THRESHOLDS) == ()
    (vector, _) = findings(None, night(1, ENGLISH, replace(slow, ndcg=steady(8))), THRESHOLDS)
    assert (vector.kind, vector.reference) == (Limit.LATENCY, 100.0)


@pytest.mark.slow
def test_without_a_fall_few_evaluations_of_other_questions_find_one():
    wrong = 0
    for seed in range(80):
        baseline = night(0, Group("a", steady(150, seed), modes=("vector",)))
        after = night(1, Group("b", steady(150, seed + 1000), modes=("vector",)))
        wrong += bool(findings(baseline, after, THRESHOLDS))
    assert wrong <= 6


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="has no time zone"):
        night(1, ENGLISH, at=datetime(2026, 3, 1))  # noqa: DTZ001
