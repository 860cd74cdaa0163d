"""The gate: whether a challenger replaces the champion, and why, rule by rule."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.evaluation.slices import OVERALL, Slice
from xnai_pipelines.releases.comparison import MEGABYTE, MODES, Compared, Comparison

LATENCY_NOISE = 0.1  # by which the p95 of one encoder differs between two measurements in a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The limits for a challenger. Gains and losses are differences of mean nDCG@10, challenger - champion.

    Attributes:
        min_gain: Value that the lower end of the 95 % interval must exceed on the degraded slice.
        max_overall_loss: Mean loss allowed over all questions in either mode. It is never allowed if the whole interval
            is below zero.
        max_slice_loss: Loss allowed on a slice. A larger loss counts only if its whole interval is below zero.
        max_query_ms: 95th percentile of the query time in milliseconds; None: no limit. A challenger that is as fast as
            the champion passes: both are measured in the same minutes, and a busy machine slows both.
        max_shipped_mb: Size of the model's files in MB of 1,000,000 bytes; None: no limit.
    """

    min_gain: float = 0.0
    max_overall_loss: float = 0.01
    max_slice_loss: float = 0.02
    max_query_ms: float | None = None
    max_shipped_mb: float | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What degraded: a slice in a search mode."""

    slice: Slice
    mode: str


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule of the gate, and its finding as a sentence."""

    name: str
    passed: bool
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the challenger passed every rule.

    Attributes:
        promoted: Whether it did.
        reasons: The findings of all rules, or of those that failed.
        rules: All rules that were applied.
        gain: Difference of nDCG@10 that the first rule judged; None if the challenger is the champion.
    """

    promoted: bool
    reasons: tuple[str, ...]
    rules: tuple[RuleResult, ...]
    gain: Estimate | None = None


def judge(comparison: Comparison, gate: Gate, target: Target | None = None) -> Verdict:
    """Return whether the challenger improves the degraded slice and regresses nowhere by more than the gate allows.

    Args:
        comparison: From `compare`.
        gate: The limits.
        target: What degraded; None if a person asked for the retraining: then all questions count, in either mode.

    Raises:
        ValueError: A figure is not finite, a mode or all questions are missing, or the target's mode is not compared.
    """
    _refuse_unusable(comparison, target)
    if comparison.challenger.vector_space == comparison.champion.vector_space:
        rules, gain = [_nothing_changed(comparison)], None
    else:
        better, gain = _better(comparison, gate, target)
        rules = [better]
        rules += [_not_worse_overall(_overall(comparison, mode), gate) for mode in MODES]
        rules += [_no_slice_worse(comparison, gate), _latency(comparison, gate), _size(comparison, gate)]
        if _overall(comparison, MODES[0]).questions < comparison.least:
            rules.insert(0, _too_few(comparison))
    promoted = all(rule.passed for rule in rules)
    return Verdict(promoted, tuple(rule.words for rule in rules if promoted or not rule.passed), tuple(rules), gain)


def _refuse_unusable(comparison: Comparison, target: Target | None) -> None:
    if target is not None and target.mode not in MODES:
        raise ValueError(f"The target's mode {target.mode!r} is not compared. Choose one of {', '.join(MODES)}.")
    for mode in MODES:
        if comparison.of(OVERALL, mode) is None:
            raise ValueError(f"The comparison has no figures for all questions in {mode} search. Compare again.")
    for where, figure in _figures(comparison):
        if not math.isfinite(figure):
            raise ValueError(f"{where} is {figure}; the gate needs finite figures. Evaluate again.")


def _figures(comparison: Comparison) -> Iterator[tuple[str, float]]:
    for name, contender in (("champion", comparison.champion), ("challenger", comparison.challenger)):
        for latency in (contender.query_ms_p50, contender.query_ms_p95):
            if latency is not None:
                yield f"The {name}'s latency", latency
    for compared in comparison.compared:
        for name, metrics in (
            ("champion's", compared.champion),
            ("challenger's", compared.challenger),
            ("difference of", compared.difference),
        ):
            for metric, estimate in metrics.items():
                for figure in (estimate.mean, estimate.low, estimate.high):
                    yield f"The {name} {metric} on {compared.slice} in {compared.mode} search", figure


def _overall(comparison: Comparison, mode: str) -> Compared:
    compared = comparison.of(OVERALL, mode)
    assert compared is not None  # noqa: S101  (checked before any rule)
    return compared


def _nothing_changed(comparison: Comparison) -> RuleResult:
    space = comparison.champion.vector_space
    return RuleResult(
        "another encoder",
        False,
        f"Nothing changed: champion and challenger are the same encoder, vector space {space}.",
    )


def _too_few(comparison: Comparison) -> RuleResult:
    number = _overall(comparison, MODES[0]).questions
    words = f"There are {number} questions; at least {comparison.least} are needed to judge. Label more."
    return RuleResult("enough questions", False, words)


def _better(comparison: Comparison, gate: Gate, target: Target | None) -> tuple[RuleResult, Estimate]:
    """Judge the degraded slice, or all questions if there is none or it has too few questions; return the gain too."""
    if target is None:
        candidates, introduction = [_overall(comparison, mode) for mode in MODES], ""
    elif (compared := comparison.of(target.slice, target.mode)) is not None:
        candidates, introduction = [compared], ""
        if compared.slice != target.slice:
            introduction = f"Every question is of {target.slice}, which degraded. "
    else:
        candidates = [_overall(comparison, target.mode)]
        introduction = (
            f"{_start(str(target.slice))}, which degraded, has fewer than {comparison.least} questions, too few to "
            "judge; all questions decide instead. "
        )
    best = max(candidates, key=lambda compared: compared.ndcg.low)
    passed = best.ndcg.low > gate.min_gain
    if passed:
        words = f"{_place(best)} the challenger is better: {_figure(best)}."
    else:
        shown = candidates if target is None else [best]
        figures = "; ".join(f"{compared.mode} {_figure(compared)}" for compared in shown)
        where = "On all questions, in either mode," if target is None else _place(best)
        words = (
            f"{where} the challenger is not shown to be better: {figures}; the interval has to be above "
            f"{gate.min_gain:g}."
        )
    name = "better on the degraded slice" if target else "better"
    return RuleResult(name, passed, introduction + words), best.ndcg


def _not_worse_overall(compared: Compared, gate: Gate) -> RuleResult:
    difference = compared.ndcg
    passed = difference.mean >= -gate.max_overall_loss and difference.high >= 0
    if passed:
        found = "is not worse"
    elif difference.high < 0:
        found = "is worse beyond chance"
    else:
        found = f"loses more on average than the allowed {gate.max_overall_loss:g}"
    words = f"{_place(compared)} the challenger {found}: {_figure(compared)}."
    return RuleResult(f"not worse overall, {compared.mode}", passed, words)


def _no_slice_worse(comparison: Comparison, gate: Gate) -> RuleResult:
    parts = [compared for compared in comparison.compared if compared.slice != OVERALL]
    worse = [one for one in parts if one.ndcg.mean < -gate.max_slice_loss and one.ndcg.high < 0]
    if worse:
        listed = "; ".join(f"{one.slice} in {one.mode} search {_figure(one)}" for one in worse)
        words = f"The challenger is worse by more than {gate.max_slice_loss:g} on {listed}."
    elif parts:
        number = len({one.slice for one in parts})
        words = f"It is worse by more than {gate.max_slice_loss:g} beyond chance on none of {number} slices."
    else:
        words = f"No slice has the {comparison.least} questions needed to judge it alone."
    return RuleResult("no slice worse", not worse, words)


def _latency(comparison: Comparison, gate: Gate) -> RuleResult:
    latency, before = comparison.challenger.query_ms_p95, comparison.champion.query_ms_p95
    limit = gate.max_query_ms
    if latency is None:
        words = "The query time was not measured" + ("." if limit is None else f"; the limit is {limit:g} ms.")
        return RuleResult("latency", limit is None, words)
    against = "" if before is None else f", the champion's {before:.1f} ms"
    words = f"A query takes {latency:.1f} ms (95th percentile){against}; {_limit(limit, 'ms')}."
    as_fast = before is not None and latency <= before * (1 + LATENCY_NOISE)
    if limit is not None and latency > limit and as_fast:
        words += " The machine was slow: the champion takes as long."
    return RuleResult("latency", limit is None or latency <= limit or as_fast, words)


def _size(comparison: Comparison, gate: Gate) -> RuleResult:
    size, before = comparison.challenger.model_bytes / MEGABYTE, comparison.champion.model_bytes / MEGABYTE
    limit = gate.max_shipped_mb
    words = f"The model is {size:.1f} MB, the champion's {before:.1f} MB; {_limit(limit, 'MB')}."
    return RuleResult("size", limit is None or size <= limit, words)


def _limit(limit: float | None, unit: str) -> str:
    return "no limit is set" if limit is None else f"the limit is {limit:g} {unit}"


def _place(compared: Compared) -> str:
    return f"On {compared.slice} in {compared.mode} search"


def _figure(compared: Compared) -> str:
    metric = "ndcg_at_10"
    champion, challenger = compared.champion[metric].mean, compared.challenger[metric].mean
    return (
        f"nDCG@10 {challenger:.3f} against {champion:.3f}, {compared.ndcg:+.3f} over {compared.questions} "
        f"{compared.origin} questions"
    )


def _start(words: str) -> str:
    return words[0].upper() + words[1:]
