"""What an evaluation shows to be degraded, by mode and slice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.autonomy.decisions.finding import NEW, Finding, Kind, severity
from xnai_pipelines.autonomy.decisions.night import MODES, Answers, Night, answers
from xnai_pipelines.autonomy.decisions.significance import (
    Values,
    difference_of_means,
    floor_p_value,
    holm,
    mean_of_differences,
    paired_p_value,
    unpaired_p_value,
)
from xnai_pipelines.autonomy.decisions.thresholds import Thresholds
from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.evaluation.slices import OVERALL, Slice

_DIMENSIONS = ("language", "folder")

Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Test:
    """A test, and what it would find where it rejects; None where the fall is one that is tolerated."""

    kind: Kind
    p_value: float
    finding: Finding | None


def findings(
    baseline: Night | None, night: Night, thresholds: Thresholds, earlier: Sequence[Night] = ()
) -> tuple[Finding, ...]:
    """Return what is degraded in an evaluation, the worst first.

    In vector and in hybrid search, over all questions, each language and folder with `slice_questions` of them, and the
    questions that the baseline did not ask:

    - The share of questions with a right document in the top 10 is below the floor: exact binomial test.
    - The mean nDCG@10 is below the champion's at release by more than the tolerance. Questions that both asked are
      compared one by one: the mean difference is beyond the tolerance and a randomisation test says it is no chance.
      New ones are held against the champion's questions in that slice, or all of its questions where it had too few
      there: Welch's test that the fall is beyond the tolerance, which other questions alone must not feign. A slice
      with enough questions of both sorts has both tests; one with enough of neither has Welch's with all of them.

    The tests of an evaluation against the floor are corrected together for being many (Holm), and so are those against
    the champion. The share of searches that raised and the 95th
    percentile of latency are held against their limits as they are. Where too many searches of a mode raised, its
    accuracy is not judged.

    Args:
        baseline: The champion's evaluation at release; None where there is none.
        night: The evaluation to judge.
        thresholds: The limits.
        earlier: Evaluations of the same release before this one. Where an evaluation asks a sample of the questions,
            those that it left out count with their last answer here.
    """
    found: list[Finding] = []
    tests: list[_Test] = []
    newest_first = sorted((night, *earlier), key=lambda other: other.evaluated_at, reverse=True)
    chosen = night.chosen()
    for mode in MODES:
        calls = list(_calls(night, mode, thresholds))
        found += calls
        if chosen is None or any(finding.kind is Kind.ERRORS for finding in calls):
            continue
        now = answers(newest_first, mode, chosen)
        then = answers([baseline], mode, chosen) if baseline and baseline.run_id != night.run_id else None
        tests += _accuracy(mode, now, then, thresholds)
    for kind in (Kind.FLOOR, Kind.BELOW_CHAMPION):
        family = [test for test in tests if test.kind is kind]
        rejected = holm([test.p_value for test in family], thresholds.alpha)
        found += [test.finding for test, sure in zip(family, rejected, strict=True) if sure and test.finding]
    return tuple(
        sorted(found, key=lambda f: (severity(f.kind, f.part, f.beyond, f.questions), MODES.index(f.mode), f.paired))
    )


def _calls(night: Night, mode: str, thresholds: Thresholds) -> Iterator[Finding]:
    rows = night.of_mode(mode)
    answered = rows["latency_ms"].filter(rows["error"].is_null()).to_numpy()
    errors, most = rows.num_rows - len(answered), thresholds.max_error_share
    if errors > most * rows.num_rows:
        share = errors / rows.num_rows
        words = f"{OVERALL}, {mode}: {_percent(share)} of {rows.num_rows} searches raised, above {_percent(most)}"
        yield _beyond(Kind.ERRORS, mode, OVERALL, rows.num_rows, share, most, share - most, None, words)
    if not len(answered):
        return
    p95, limit = float(np.percentile(answered, 95)), thresholds.max_p95_ms
    if p95 > limit:
        words = f"{OVERALL}, {mode}: 95 % of {len(answered)} searches took up to {p95:.0f} ms, above {limit:g} ms"
        yield _beyond(Kind.LATENCY, mode, OVERALL, len(answered), p95, limit, p95 - limit, None, words)


def _accuracy(mode: str, now: Answers, then: Answers | None, thresholds: Thresholds) -> Iterator[_Test]:
    least = thresholds.slice_questions
    everything = np.ones(len(now.question_ids), dtype=np.bool_)
    new = np.zeros_like(everything) if then is None else np.array([i not in then.asked for i in now.question_ids], bool)
    place = {name: row for row, name in enumerate(then.question_ids)} if then is not None else {}
    before = np.array([place.get(name, -1) for name in now.question_ids], dtype=np.intp)
    parts: list[tuple[Slice, Mask]] = [(OVERALL, everything)] if everything.any() else []
    parts += list(_slices(now, least))
    for part, inside in parts:
        yield _floor(mode, part, now.found[inside], thresholds)
        if then is not None:
            yield from _below_champion(mode, part, inside, new, before, now, then, thresholds)
    if then is not None and new.sum() >= least:
        if not new.all():  # they are all questions then, whose floor is tested
            yield _floor(mode, NEW, now.found[new], thresholds)
        reference = _reference(NEW, then, least)
        if reference is not None:
            yield _unpaired(mode, NEW, now.ndcg[new], reference, thresholds)


def _slices(now: Answers, least: int) -> Iterator[tuple[Slice, Mask]]:
    for dimension in _DIMENSIONS:
        column = now.columns[dimension]
        for value in sorted({value for value in column.tolist() if value is not None}):
            inside: Mask = column == value
            if least <= inside.sum() < len(inside):
                yield Slice(dimension, value), inside


def _floor(mode: str, part: Slice, found: Mask, thresholds: Thresholds) -> _Test:
    share, floor = float(found.mean()), thresholds.accuracy_floor
    p_value = floor_p_value(int(found.sum()), len(found), floor)
    words = (
        f"{part}, {mode}: {_percent(share)} of {len(found)} questions have a right document in the top 10, "
        f"below the floor of {_percent(floor)}"
    )
    finding = _beyond(Kind.FLOOR, mode, part, len(found), share, floor, floor - share, p_value, words)
    return _Test(Kind.FLOOR, p_value, finding)


def _below_champion(
    mode: str,
    part: Slice,
    inside: Mask,
    new: Mask,
    before: NDArray[np.intp],
    now: Answers,
    then: Answers,
    thresholds: Thresholds,
) -> Iterator[_Test]:
    """Yield the tests of a slice; `before` is each question's row at release, -1 where it has none."""
    common = inside & (before >= 0)
    number = int(common.sum())
    enough = thresholds.slice_questions
    reference = _reference(part, then, enough)
    others = int((inside & new).sum())
    if number >= enough or (part == OVERALL and number):
        yield _paired(mode, part, then.ndcg[before[common]], now.ndcg[common], thresholds)
    elif others < enough and reference is not None:
        yield _unpaired(mode, part, now.ndcg[inside], reference, thresholds)
    # All new questions are a slice of their own.
    if others >= enough and part != OVERALL and reference is not None:
        yield _unpaired(mode, part, now.ndcg[inside & new], reference, thresholds)


def _reference(part: Slice, then: Answers, least: int) -> Values | None:
    """Return the champion's values that a slice's new questions are held against; None where there are too few."""
    if part.dimension in then.columns:
        inside: Mask = then.columns[part.dimension] == part.value
        if inside.sum() >= least:
            of_slice: Values = then.ndcg[inside]
            return of_slice
    return then.ndcg if len(then.ndcg) >= least else None


def _paired(mode: str, part: Slice, before: Values, after: Values, thresholds: Thresholds) -> _Test:
    changes = after - before
    same = f"the same {len(after)} questions"
    p_value = paired_p_value(changes)
    return _fall(mode, part, before, after, mean_of_differences(changes), p_value, True, same, thresholds)


def _unpaired(mode: str, part: Slice, values: Values, reference: Values, thresholds: Thresholds) -> _Test:
    others = f"{len(values)} new questions against {len(reference)} at release"
    p_value = unpaired_p_value(reference, values, thresholds.tolerance)
    return _fall(
        mode, part, reference, values, difference_of_means(reference, values), p_value, False, others, thresholds
    )


def _fall(
    mode: str,
    part: Slice,
    before: Values,
    after: Values,
    difference: Estimate,
    p_value: float,
    paired: bool,
    compared: str,
    thresholds: Thresholds,
) -> _Test:
    fall = -difference.mean
    if fall <= thresholds.tolerance:
        return _Test(Kind.BELOW_CHAMPION, p_value, None)
    value, reference = float(after.mean()), float(before.mean())
    words = (
        f"{part}, {mode}: nDCG@10 {value:.2f}, {fall:.2f} below the champion at release "
        f"(95 % interval {-difference.high:.2f} to {-difference.low:.2f}; {compared})"
    )
    finding = Finding(
        kind=Kind.BELOW_CHAMPION,
        mode=mode,
        part=part,
        questions=len(after),
        value=value,
        reference=reference,
        beyond=fall - thresholds.tolerance,
        difference=difference,
        p_value=p_value,
        paired=paired,
        words=words,
    )
    return _Test(Kind.BELOW_CHAMPION, p_value, finding)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _beyond(
    kind: Kind,
    mode: str,
    part: Slice,
    questions: int,
    value: float,
    limit: float,
    beyond: float,
    p_value: float | None,
    words: str,
) -> Finding:
    return Finding(kind, mode, part, questions, value, limit, beyond, None, p_value, False, words)
