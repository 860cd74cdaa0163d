"""The policy picks the best variant that still finds the right documents, and says why not the others."""

from dataclasses import replace

import pytest

from tests.support.precision_cards import card, full, variant
from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.models.card.card import Retrieval
from xnai_pipelines.models.card.policy import Optimise, Policy, choose, relative_loss


def test_the_smallest_variant_within_both_limits_is_chosen():
    choice = choose(
        card(full(), variant("int8", 4, loss=0.002), variant("rate", 8, loss=0.009), variant("int2", 14, loss=0.1)),
        Policy(),
    )
    assert (choice.variant, choice.vector_space) == ("rate", "rate-space")
    assert choice.reasons[0] == (
        "rate is the smallest of the 3 variants that qualify (11.2 MB, 8.0 times smaller than fp32)."
    )
    assert "0.9 % below fp32's" in choice.reasons[1]
    assert "because there are no labelled ones" in choice.reasons[1]
    assert list(choice.rejected) == ["int2"]


def test_a_mean_loss_above_the_limit_is_rejected_with_the_figure():
    choice = choose(card(full(), variant("rate", 8, loss=0.02, bound=0.025)), Policy())
    assert choice.variant == "fp32"
    assert choice.rejected["rate"] == (
        "Its nDCG@10 in hybrid search is 2 % below fp32's, and at the lower end of the 95 % interval 2.5 % below; "
        "a loss of 1 % is allowed."
    )
    assert (
        choose(card(full(), variant("rate", 8, loss=0.02, bound=0.025)), Policy(max_mean_loss=0.03)).variant == "rate"
    )


def test_a_loss_that_questions_cannot_exclude_is_rejected_though_the_mean_is_small():
    choice = choose(card(full(), variant("rate", 8, loss=0.0, bound=0.04)), Policy())
    assert choice.variant == "fp32"
    assert "a loss of 3 % is allowed within the interval" in choice.rejected["rate"]


def test_the_loss_is_relative_to_full_precision_and_of_the_mode_asked():
    figures = variant("rate", 8, loss=0.004, bound=0.006, vector_loss=0.2)
    by_hybrid = card(full(), figures)
    assert relative_loss(figures, by_hybrid) == (pytest.approx(0.004), pytest.approx(0.006))
    assert choose(by_hybrid, Policy()).variant == "rate"
    assert choose(replace(by_hybrid, mode="vector"), Policy()).variant == "fp32"


def test_a_variant_that_finds_more_than_full_precision_is_said_to():
    choice = choose(card(full(), variant("rate", 8, loss=-0.02, bound=-0.01)), Policy())
    assert "2 % above fp32's, and at the lower end of the 95 % interval 1 % above" in choice.reasons[1]


@pytest.mark.parametrize(
    ("questions", "words"),
    [(29, "There are 29 questions"), (1, "There is one question"), (0, "There are no questions")],
)
def test_with_too_few_questions_the_cosine_decides_and_the_choice_says_so(questions, words):
    variants = [full(), variant("int4", 7, cosine=0.986, loss=0.5), variant("rate", 8, cosine=0.984)]
    choice = choose(card(*variants, questions=questions), Policy())
    assert choice.variant == "int4"
    assert choice.reasons[1].startswith(f"{words}, and nDCG needs 30 to decide")
    assert choice.reasons[2] == "Its mean cosine to fp32 on held-out text is 0.9860; 0.985 is required."
    assert choice.rejected == {"rate": "Its mean cosine to fp32 is 0.9840, below 0.985."}
    assert choose(card(*variants, questions=30), Policy()).variant == "rate"


def test_questions_that_full_precision_cannot_answer_decide_nothing():
    nothing = {"hybrid": Retrieval(0.0, Estimate(0, 0, 0))}
    choice = choose(card(full(retrieval=nothing), variant("int4", 7, cosine=0.9, retrieval=nothing)), Policy())
    assert choice.variant == "fp32"
    assert choice.reasons[1].startswith("fp32 has no nDCG@10 above 0 in hybrid search")


def test_a_variant_that_failed_is_never_chosen_and_keeps_its_reason():
    broken = variant("int2", 14, cosine=0.1)
    assert broken.failed == (
        "Its mean cosine to fp32 on held-out text is 0.100, below the floor of 0.5 for its width: it is broken, not "
        "just coarse."
    )
    unloadable = variant("rate", 20, cost=None, failed="model.onnx is damaged.")
    choice = choose(card(full(), broken, unloadable), Policy())
    assert choice.variant == "fp32"
    assert choice.rejected == {"int2": broken.failed, "rate": "model.onnx is damaged."}


def test_what_was_not_measured_is_not_chosen():
    choice = choose(card(full(), variant("rate", 8, retrieval={}), variant("int4", 7, shipped_bytes=None)), Policy())
    assert choice.rejected == {
        "rate": "Its nDCG@10 in hybrid search was not measured.",
        "int4": "Its size or its cost of serving was not measured.",
    }


def test_limits_on_memory_and_latency_rule_out_full_precision_too():
    variants = [full(memory=220_000_000, p95=8.0), variant("int8", 4, memory=160_000_000, p95=4.0)]
    by_memory = choose(card(*variants), Policy(max_memory_mb=200))
    assert by_memory.variant == "int8"
    assert by_memory.rejected["fp32"] == "Serving it takes 220 MB of memory; the limit is 200 MB."
    assert "160 MB of memory (limit 200)" in by_memory.reasons[-1]
    by_latency = choose(card(*variants), Policy(max_query_ms=5))
    assert by_latency.rejected["fp32"] == "A query takes 8.0 ms (95th percentile); the limit is 5 ms."
    assert by_latency.reasons[0] == "int8 is the only variant that qualifies (22.5 MB, 4.0 times smaller than fp32)."


def test_where_nothing_qualifies_none_is_chosen_and_every_variant_has_a_reason():
    choice = choose(card(full(), variant("int8", 4)), Policy(max_memory_mb=10))
    assert (choice.variant, choice.vector_space) == (None, None)
    assert choice.reasons == ("None of 2 variants qualifies, so none is chosen; the encoder stays.",)
    assert set(choice.rejected) == {"fp32", "int8"}


def test_full_precision_alone_is_chosen():
    choice = choose(card(full()), Policy())
    assert choice.variant == "fp32"
    assert "so nothing is lost" in choice.reasons[1]


def test_speeds_that_differ_by_noise_are_equal_and_the_smaller_file_wins():
    variants = [full(), variant("a", 4, rate=106.0), variant("b", 8, rate=100.0), variant("c", 9, rate=80.0)]
    assert choose(card(*variants), Policy(optimise=Optimise.SPEED)).variant == "b"


def test_the_best_quality_is_the_loss_that_can_be_excluded_best_not_the_luckiest_mean():
    lucky = variant("lucky", 8, loss=-0.01, bound=0.02)
    same = variant("same", 2, loss=0.0001, bound=0.0002)
    assert choose(card(full(), lucky), Policy(optimise=Optimise.QUALITY)).variant == "fp32"
    assert choose(card(full(), lucky, same), Policy(optimise=Optimise.QUALITY)).variant == "same"


def test_ties_go_to_the_faster_variant_and_then_by_name_in_any_order_of_the_card():
    slow, fast = variant("a", 8, rate=90.0), variant("c", 8, rate=95.0)
    for variants in ([full(), slow, fast], [fast, slow, full()]):
        assert choose(card(*variants), Policy()).variant == "c"
    equal = [full(), variant("b", 8), variant("a", 8)]
    assert choose(card(*equal), Policy()).variant == "a"


def test_a_card_without_full_precision_is_judged_by_cosine():
    choice = choose(card(variant("int8", 4, cosine=0.99), variant("int4", 7, cosine=0.9)), Policy())
    assert choice.variant == "int8"
    assert choice.reasons[1].startswith("fp32 has no nDCG@10")
