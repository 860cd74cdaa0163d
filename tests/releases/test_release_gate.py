"""Each rule of the gate passes and fails, and says so with figures."""

from dataclasses import replace

import pytest

from tests.support.promotion_tables import CHALLENGER, CHAMPION, ask, better_in_russian, contender, names, old, rows
from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.evaluation.slices import OVERALL, Slice
from xnai_pipelines.releases.comparing import compare
from xnai_pipelines.releases.gate import Gate, Target, judge

RUSSIAN = Slice("language", "ru")
TARGET = Target(RUSSIAN, "vector")


@pytest.fixture(scope="module")
def champion_rows():
    return rows(old)


@pytest.fixture(scope="module")
def good(champion_rows):
    return compare(champion_rows, rows(better_in_russian), champion=CHAMPION, challenger=CHALLENGER)


def failed(verdict):
    return [rule.name for rule in verdict.rules if not rule.passed]


def against(champion_rows, challenger, **options):
    return compare(champion_rows, rows(challenger), champion=CHAMPION, challenger=CHALLENGER, **options)


def test_better_where_it_degraded_and_nowhere_worse_is_promoted_with_a_reason_for_every_rule(good):
    verdict = judge(good, Gate(), TARGET)
    assert verdict.promoted
    assert failed(verdict) == []
    assert verdict.reasons == tuple(rule.words for rule in verdict.rules)
    assert verdict.gain == good.of(RUSSIAN, "vector").ndcg
    assert verdict.reasons[0].startswith("On language ru in vector search the challenger is better: nDCG@10 0.8")
    assert "over 30 labelled questions" in verdict.reasons[0]
    assert [rule.name for rule in verdict.rules] == [
        "better on the degraded slice",
        "not worse overall, hybrid",
        "not worse overall, vector",
        "no slice worse",
        "latency",
        "size",
    ]


def test_a_gain_that_chance_explains_on_the_slice_that_degraded_is_rejected(champion_rows):
    def one_better(name, mode):
        return 1 if name == "ru00" else old(name, mode)

    verdict = judge(against(champion_rows, one_better), Gate(), TARGET)
    assert failed(verdict) == ["better on the degraded slice"]
    (reason,) = verdict.reasons
    assert "language ru in vector search the challenger is not shown to be better" in reason
    assert "[+0.000, " in reason


def test_a_gain_on_another_slice_or_in_another_mode_is_none_where_it_degraded(good, champion_rows):
    assert failed(judge(good, Gate(), Target(Slice("language", "en"), "vector"))) == ["better on the degraded slice"]

    def hybrid_alone(name, mode):
        return better_in_russian(name, mode) if mode == "hybrid" else old(name, mode)

    comparison = against(champion_rows, hybrid_alone)
    assert judge(comparison, Gate(), Target(RUSSIAN, "hybrid")).promoted
    assert failed(judge(comparison, Gate(), TARGET)) == ["better on the degraded slice"]


def test_the_gain_asked_for_is_a_setting(good):
    gain = good.of(RUSSIAN, "vector").ndcg.low
    assert judge(good, Gate(min_gain=gain - 0.001), TARGET).promoted
    assert failed(judge(good, Gate(min_gain=gain), TARGET)) == ["better on the degraded slice"]


def test_worse_overall_in_one_mode_is_rejected(champion_rows):
    def worse_in_hybrid(name, mode):
        if mode == "hybrid":
            return old(name, mode) + (name.startswith("en") and int(name[-2:]) < 12)
        return better_in_russian(name, mode)

    comparison = against(champion_rows, worse_in_hybrid, least=31)
    target = Target(OVERALL, "vector")
    verdict = judge(comparison, Gate(), target)
    assert failed(verdict) == ["not worse overall, hybrid"]
    assert "in hybrid search the challenger is worse beyond chance: nDCG@10" in verdict.reasons[0]
    assert comparison.of(OVERALL, "hybrid").ndcg.high < 0
    assert failed(judge(comparison, Gate(max_overall_loss=0.2), target)) == ["not worse overall, hybrid"]


def test_a_mean_loss_overall_that_chance_explains_is_a_matter_of_the_setting(champion_rows):
    def two_lost_in_hybrid(name, mode):
        if mode == "hybrid":
            return None if name in {"en00", "en01"} else old(name, mode)
        return better_in_russian(name, mode)

    comparison = against(champion_rows, two_lost_in_hybrid, least=31)
    overall, target = comparison.of(OVERALL, "hybrid").ndcg, Target(OVERALL, "vector")
    assert overall.mean < -0.01
    assert overall.high == 0
    verdict = judge(comparison, Gate(), target)
    assert failed(verdict) == ["not worse overall, hybrid"]
    assert "loses more on average than the allowed 0.01: nDCG@10" in verdict.reasons[0]
    assert judge(comparison, Gate(max_overall_loss=0.2), target).promoted


def test_a_slice_that_is_worse_beyond_chance_is_rejected_and_named(champion_rows):
    def english_forgotten(name, mode):
        if name.startswith("en") and mode != "keyword":
            return old(name, mode) + (int(name[-2:]) < 10)
        return better_in_russian(name, mode)

    comparison = against(champion_rows, english_forgotten)
    verdict = judge(comparison, Gate(), TARGET)
    assert failed(verdict) == ["no slice worse"]
    assert "worse by more than 0.02 on language en in hybrid search nDCG@10" in verdict.reasons[0]
    assert "language en in vector search" in verdict.reasons[0]
    assert judge(comparison, Gate(max_slice_loss=0.5), TARGET).promoted


def test_a_slice_whose_loss_is_within_chance_is_passed(champion_rows):
    def two_lost(name, mode):
        return None if name in {"en00", "en01"} and mode == "vector" else better_in_russian(name, mode)

    comparison = against(champion_rows, two_lost)
    english = comparison.of(Slice("language", "en"), "vector").ndcg
    assert english.mean < -0.02
    assert english.high == 0
    assert judge(comparison, Gate(), TARGET).promoted


def test_without_a_target_all_questions_count_in_either_mode(good, champion_rows):
    assert judge(good, Gate()).promoted

    def hybrid_alone(name, mode):
        return better_in_russian(name, mode) if mode == "hybrid" else old(name, mode)

    assert judge(against(champion_rows, hybrid_alone), Gate()).promoted

    def one_better(name, mode):
        return 1 if name == "ru00" else old(name, mode)

    verdict = judge(against(champion_rows, one_better), Gate())
    assert failed(verdict) == ["better"]
    assert "in either mode" in verdict.reasons[0]


def test_a_target_with_too_few_questions_is_said_and_all_questions_decide(good):
    verdict = judge(good, Gate(), Target(Slice("folder", "new"), "vector"))
    assert verdict.promoted
    assert verdict.reasons[0].startswith(
        "Folder new, which degraded, has fewer than 10 questions, too few to judge; all questions decide instead. "
        "On all questions in vector search the challenger is better"
    )


def test_a_target_that_every_question_is_of_is_judged_by_all_questions(good):
    verdict = judge(good, Gate(), Target(Slice("media_type", "text/markdown"), "hybrid"))
    assert verdict.promoted
    assert verdict.reasons[0].startswith("Every question is of media_type text/markdown, which degraded. On all ques")


def test_too_few_questions_prove_nothing():
    questions = [ask(name) for name in names("ru", 9)]
    few = compare(rows(old, questions), rows(better_in_russian, questions), champion=CHAMPION, challenger=CHALLENGER)
    verdict = judge(few, Gate())
    assert failed(verdict) == ["enough questions"]
    assert verdict.reasons == ("There are 9 questions; at least 10 are needed to judge. Label more.",)


def test_over_the_limit_of_size_is_rejected(good):
    verdict = judge(good, Gate(max_shipped_mb=22.9), TARGET)
    assert failed(verdict) == ["size"]
    assert verdict.reasons == ("The model is 23.0 MB, the champion's 23.0 MB; the limit is 22.9 MB.",)
    assert judge(good, Gate(max_query_ms=8, max_shipped_mb=23), TARGET).promoted


def test_a_challenger_over_the_limit_of_latency_is_rejected_unless_the_champion_takes_as_long(good):
    slower = replace(good, challenger=replace(good.challenger, query_ms_p95=9.0))
    verdict = judge(slower, Gate(max_query_ms=7.9), TARGET)
    assert failed(verdict) == ["latency"]
    words = "A query takes 9.0 ms (95th percentile), the champion's 8.0 ms; the limit is 7.9 ms."
    assert verdict.reasons == (words,)
    on_a_busy_machine = judge(good, Gate(max_query_ms=7.9), TARGET)
    assert on_a_busy_machine.promoted
    assert any(words.endswith("the champion takes as long.") for words in on_a_busy_machine.reasons)


def test_a_latency_that_nobody_measured_meets_no_limit(good):
    unmeasured = replace(good, challenger=contender("bbbb", query_ms_p50=None, query_ms_p95=None))
    assert judge(unmeasured, Gate(), TARGET).promoted
    verdict = judge(unmeasured, Gate(max_query_ms=100), TARGET)
    assert verdict.reasons == ("The query time was not measured; the limit is 100 ms.",)


def test_the_same_encoder_is_rejected_because_nothing_changed(good):
    verdict = judge(replace(good, challenger=replace(CHALLENGER, vector_space="aaaa")), Gate(), TARGET)
    assert not verdict.promoted
    assert verdict.reasons == ("Nothing changed: champion and challenger are the same encoder, vector space aaaa.",)


def test_a_challenger_that_answers_all_alike_is_rejected(champion_rows):
    assert failed(judge(against(champion_rows, old), Gate(), TARGET)) == ["better on the degraded slice"]


def test_figures_that_are_not_finite_are_an_error_and_no_verdict(good):
    nan = Estimate(float("nan"), 0.0, 0.0)
    first = replace(good.compared[0], difference={**good.compared[0].difference, "mrr_at_10": nan})
    with pytest.raises(ValueError, match="difference of mrr_at_10 on all questions in hybrid search is nan"):
        judge(replace(good, compared=(first, *good.compared[1:])), Gate(), TARGET)
    with pytest.raises(ValueError, match="challenger's latency is inf"):
        judge(replace(good, challenger=contender("bbbb", query_ms_p95=float("inf"))), Gate(), TARGET)


def test_a_target_in_a_mode_that_asks_no_encoder_is_an_error(good):
    with pytest.raises(ValueError, match=r"mode 'keyword' is not compared\. Choose one of hybrid, vector"):
        judge(good, Gate(), Target(RUSSIAN, "keyword"))
    with pytest.raises(ValueError, match="no figures for all questions"):
        judge(replace(good, compared=()), Gate(), TARGET)
