"""The choice of a variant: the best by what the policy optimises, among those that still find the right documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from xnai_pipelines.models.card.card import FULL_PRECISION, Card, VariantChoice, VariantFigures

MEGABYTE = 1_000_000

# Timings of two runs of one model differ by this much: within it the smaller file decides.
_SAME_SPEED = 0.1


class Optimise(StrEnum):
    """What decides among the variants that qualify."""

    SIZE = "size"
    SPEED = "speed"
    QUALITY = "quality"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a variant has to satisfy to be chosen.

    Attributes:
        optimise: What decides among those that qualify.
        max_mean_loss: Max mean loss of nDCG@10 in the card's mode, as a share of fp32's mean.
        max_bound_loss: Max loss at the worse end of its 95 % interval, as a share of fp32's mean.
        min_questions: Min number of questions; with fewer, the cosine decides instead of nDCG.
        min_cosine: Min mean cosine to fp32 in that case.
        max_memory_mb: Max memory of a process that serves it, in MB of 1,000,000 bytes; None: no limit.
        max_query_ms: 95th percentile of the time to encode a query, in milliseconds; None: no limit.
    """

    optimise: Optimise = Optimise.SIZE
    max_mean_loss: float = 0.01
    max_bound_loss: float = 0.03
    min_questions: int = 30
    min_cosine: float = 0.985
    max_memory_mb: float | None = None
    max_query_ms: float | None = None


def choose(card: Card, policy: Policy) -> VariantChoice:
    """Return the variant that the policy picks from the card, with reasons for it and against the others.

    The loss is the paired difference to fp32 over the same questions, relative to fp32's mean nDCG@10. fp32 loses
    nothing to itself: only a limit on memory or latency, or its own failure, excludes it. Ties go to the smaller file,
    then to the faster variant, then by name.
    """
    by_cosine = _why_by_cosine(card, policy)
    rejected = {
        figures.name: reason
        for figures in card.variants
        if (reason := _against(figures, card, policy, by_cosine is not None)) is not None
    }
    qualified = [figures for figures in card.variants if figures.name not in rejected]
    stated = () if by_cosine is None else (by_cosine,)
    if not qualified:
        return VariantChoice(
            None,
            None,
            (*stated, f"None of {len(card.variants)} variants qualifies, so none is chosen; the encoder stays."),
            rejected,
        )
    best = _best(qualified, card, policy, by_cosine is not None)
    reasons = (
        _place(best, qualified, policy),
        *stated,
        _quality(best, card, policy, by_cosine is not None),
        *_cost(best, policy),
    )
    return VariantChoice(best.name, best.vector_space, reasons, rejected)


def relative_loss(figures: VariantFigures, card: Card) -> tuple[float, float] | None:
    """Return the mean loss of nDCG@10 in the card's mode and the interval's worse end, as shares of fp32's mean.

    None if it was not measured, or if fp32 itself answers nothing.
    """
    full, retrieval = card.variant(FULL_PRECISION), figures.retrieval.get(card.mode)
    base = full.retrieval.get(card.mode) if full else None
    if retrieval is None or base is None or base.ndcg <= 0:
        return None
    return -retrieval.difference.mean / base.ndcg, -retrieval.difference.low / base.ndcg


def _why_by_cosine(card: Card, policy: Policy) -> str | None:
    """Return why the cosine decides instead of nDCG, None if nDCG does."""
    instead = f"instead of nDCG, a mean cosine to fp32 of at least {policy.min_cosine:g} is required."
    if card.questions < policy.min_questions:
        there = {0: "There are no questions", 1: "There is one question"}
        number = there.get(card.questions, f"There are {card.questions} questions")
        return f"{number}, and nDCG needs {policy.min_questions} to decide: {instead}"
    full = card.variant(FULL_PRECISION)
    if full is None or relative_loss(full, card) is None:
        return f"fp32 has no nDCG@10 above 0 in {card.mode} search to compare a loss with: {instead}"
    return None


def _against(figures: VariantFigures, card: Card, policy: Policy, by_cosine: bool) -> str | None:
    """Return why a variant does not qualify, None if it does."""
    if figures.failed is not None:
        return figures.failed
    if figures.cost is None or figures.shipped_bytes is None:
        return "Its size or its cost of serving was not measured."
    memory, latency = figures.cost.peak_memory_bytes / MEGABYTE, figures.cost.query_p95_ms
    if policy.max_memory_mb is not None and memory > policy.max_memory_mb:
        return f"Serving it takes {memory:.0f} MB of memory; the limit is {policy.max_memory_mb:g} MB."
    if policy.max_query_ms is not None and latency > policy.max_query_ms:
        return f"A query takes {latency:.1f} ms (95th percentile); the limit is {policy.max_query_ms:g} ms."
    if figures.name == FULL_PRECISION:
        return None
    return _against_cosine(figures, policy) if by_cosine else _against_loss(figures, card, policy)


def _against_cosine(figures: VariantFigures, policy: Policy) -> str | None:
    if figures.agreement is None:
        return "Its cosine to fp32 was not measured."
    if figures.agreement.cosine_mean < policy.min_cosine:
        return f"Its mean cosine to fp32 is {figures.agreement.cosine_mean:.4f}, below {policy.min_cosine:g}."
    return None


def _against_loss(figures: VariantFigures, card: Card, policy: Policy) -> str | None:
    loss = relative_loss(figures, card)
    if loss is None:
        return f"Its nDCG@10 in {card.mode} search was not measured."
    mean, bound = loss
    if mean > policy.max_mean_loss:
        allowed = f"a loss of {_percent(policy.max_mean_loss)} is allowed"
    elif bound > policy.max_bound_loss:
        allowed = f"a loss of {_percent(policy.max_bound_loss)} is allowed within the interval"
    else:
        return None
    return f"{_loss(card, mean, bound)}; {allowed}."


def _best(qualified: Sequence[VariantFigures], card: Card, policy: Policy, by_cosine: bool) -> VariantFigures:
    if policy.optimise is Optimise.SPEED:
        fastest = max(map(_rate, qualified))
        qualified = [figures for figures in qualified if _rate(figures) >= (1 - _SAME_SPEED) * fastest]

    def order(figures: VariantFigures) -> tuple[float, int, float, str]:
        loss = 0.0
        if policy.optimise is Optimise.QUALITY:
            loss = round(_sure_loss(figures, card, by_cosine), 3)  # less than 0.1 % counts as none
        return loss, figures.shipped_bytes or 0, -_rate(figures), figures.name

    return min(qualified, key=order)


def _rate(figures: VariantFigures) -> float:
    return figures.cost.passages_per_second if figures.cost else 0.0


def _sure_loss(figures: VariantFigures, card: Card, by_cosine: bool) -> float:
    """Return a bound that the loss surely does not exceed: of two means within their noise neither is better."""
    if by_cosine:
        return 1 - figures.agreement.cosine_mean if figures.agreement else 0.0
    loss = relative_loss(figures, card)
    return max(loss) if loss else 0.0


def _place(best: VariantFigures, qualified: Sequence[VariantFigures], policy: Policy) -> str:
    size = f"{(best.shipped_bytes or 0) / MEGABYTE:.1f} MB"
    if best.ratio is not None and best.name != FULL_PRECISION:
        size += f", {best.ratio:.1f} times smaller than fp32"
    if len(qualified) == 1:
        return f"{best.name} is the only variant that qualifies ({size})."
    how = {
        Optimise.SIZE: "is the smallest",
        Optimise.SPEED: f"is the smallest of those within {_percent(_SAME_SPEED)} of the fastest",
        Optimise.QUALITY: "loses least, and is the smallest of those that do,",
    }
    return f"{best.name} {how[policy.optimise]} of the {len(qualified)} variants that qualify ({size})."


def _quality(best: VariantFigures, card: Card, policy: Policy, by_cosine: bool) -> str:
    if best.name == FULL_PRECISION:
        return "It is full precision, so nothing is lost."
    if by_cosine:
        cosine = best.agreement.cosine_mean if best.agreement else 0.0
        return f"Its mean cosine to fp32 on held-out text is {cosine:.4f}; {policy.min_cosine:g} is required."
    mean, bound = relative_loss(best, card) or (0.0, 0.0)
    return (
        f"{_loss(card, mean, bound)}; {_percent(policy.max_mean_loss)} and {_percent(policy.max_bound_loss)} are "
        f"allowed. Measured on {card.origin}."
    )


def _cost(best: VariantFigures, policy: Policy) -> tuple[str, ...]:
    if best.cost is None:
        return ()
    memory = "" if policy.max_memory_mb is None else f" (limit {policy.max_memory_mb:g})"
    latency = "" if policy.max_query_ms is None else f" (limit {policy.max_query_ms:g})"
    speed = ""
    if best.speed_ratio is not None and best.name != FULL_PRECISION:
        speed = f", and passages are encoded {best.speed_ratio:.1f} times as fast as by fp32"
    sentence = (
        f"Serving it takes {best.cost.peak_memory_bytes / MEGABYTE:.0f} MB of memory{memory} and "
        f"{best.cost.query_p95_ms:.1f} ms per query at the 95th percentile{latency}{speed}."
    )
    return (sentence,)


def _loss(card: Card, mean: float, bound: float) -> str:
    side, far = ("below" if mean > 0 else "above"), ("below" if bound > 0 else "above")
    if mean == bound == 0:
        return f"Its nDCG@10 in {card.mode} search is fp32's to the last digit"
    return (
        f"Its nDCG@10 in {card.mode} search is {_percent(abs(mean))} {side} fp32's, and at the lower end of the 95 % "
        f"interval {_percent(abs(bound))} {far}"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if abs(share) < 0.1 else f"{100 * share:.0f} %"
