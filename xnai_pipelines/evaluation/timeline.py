"""Accuracy over time, with what happened to the model marked: releases, retrainings and their causes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from xnai_pipelines.evaluation.history import PastEvaluation, metric_name
from xnai_pipelines.evaluation.plots import COLOURS, FAINT, INK, days, draw_curves, label_ends, png, time_axis
from xnai_pipelines.evaluation.plots import with_questions as evaluations_with_questions
from xnai_pipelines.questions.question import Origin

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIMELINE_COLUMNS = ("when (UTC)", "release", "hybrid", "vector", "what happened")

LABEL_CHARACTERS = 34
LANES = 5

# Widths of a letter and heights of a lane, as shares of the axes of a figure of 7 by 3.5 inches.
_LETTER = 0.0103
_LANE = 0.068
_GAP = 0.01


class EventKind(StrEnum):
    """What happened to the model."""

    RELEASE = "release"
    RETRAINING = "retraining"
    ROLLBACK = "rollback"
    REJECTED = "rejected"
    DEGRADED = "degraded"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened beside the evaluations, in a few words: "release 3", "language ru fell"."""

    at: datetime
    kind: EventKind
    label: str

    def __str__(self) -> str:
        named = self.label.casefold().startswith(self.kind)
        return self.label if named else f"{self.kind}: {self.label}" if self.label else str(self.kind)


@dataclass(frozen=True, slots=True)
class _Mark:
    x: float
    text: str
    colour: str
    line: str


_STYLES = {
    EventKind.RELEASE: (INK, "-"),
    EventKind.ROLLBACK: (INK, "--"),
    EventKind.RETRAINING: (COLOURS["keyword"], "--"),
    EventKind.REJECTED: ("#CC79A7", "--"),
    EventKind.DEGRADED: ("#A34700", ":"),
}


def timeline_plot(
    past: Sequence[PastEvaluation], events: Sequence[Event], origin: Origin, modes: Sequence[str]
) -> bytes:
    """Return a PNG of nDCG@10 by mode over time with 95 % intervals, and a named line for each event.

    A curve breaks where the questions changed. Where many events lie together the latest ones keep their names.

    Args:
        past: Past evaluations in any order; those without questions of the origin are left out.
        events: In any order.
        origin: Whose questions.
        modes: Search modes to show.
    """
    from matplotlib.figure import Figure

    shown = evaluations_with_questions(past, origin, modes)
    figure = Figure(figsize=(7, 3.5), dpi=100, layout="constrained")
    axes = figure.subplots()
    times = sorted([*(one.evaluated_at for one in shown), *(event.at for event in events)])
    ends = draw_curves(axes, shown, origin, modes)
    if times:
        time_axis(axes, times[0], times[-1])
        draw_events(axes, shown, events)
    else:
        axes.set_xticks([])
    if shown:
        label_ends(axes, ends)
    else:
        axes.set_yticks([])
        axes.text(
            0.5, 0.5, f"no evaluation with {origin} questions yet", ha="center", color=FAINT, transform=axes.transAxes
        )
    return png(figure, axes, f"nDCG@10 on {origin} questions, with 95 % intervals")


def timeline_rows(past: Sequence[PastEvaluation], events: Sequence[Event], origin: Origin) -> list[tuple[str, ...]]:
    """Return a row of `TIMELINE_COLUMNS` for each evaluation and event, from the earliest to the latest.

    Evaluations show nDCG@10 with its 95 % interval; the cells are empty where there were no questions of the origin.
    """
    ordered = sorted(past, key=lambda one: one.evaluated_at)
    changed = _changes_of_questions(ordered)
    rows = [
        (
            one.evaluated_at,
            (
                _minute(one.evaluated_at),
                one.tags.get("release", ""),
                _figure(one, metric_name(origin, "hybrid", "ndcg_at_10")),
                _figure(one, metric_name(origin, "vector", "ndcg_at_10")),
                "other questions" if one.run_id in changed else "",
            ),
        )
        for one in ordered
    ]
    rows += [(event.at, (_minute(event.at), "", "", "", str(event))) for event in events]
    return [row for _, row in sorted(rows, key=lambda timed: timed[0])]


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def _figure(past: PastEvaluation, name: str) -> str:
    values = [past.metrics.get(name + end) for end in ("", "_low", "_high")]
    if values[0] is None:
        return ""
    if values[1] is None or values[2] is None:
        return f"{values[0]:.3f}"
    return f"{values[0]:.3f} [{values[1]:.3f}, {values[2]:.3f}]"


def _changes_of_questions(past: Sequence[PastEvaluation]) -> set[str]:
    """Return the runs whose questions are not those of the evaluation before."""
    return {
        after.run_id
        for before, after in pairwise(past)
        if before.tags.get("question_set") != after.tags.get("question_set")
    }


def _marks(past: Sequence[PastEvaluation], events: Sequence[Event]) -> list[_Mark]:
    changed = _changes_of_questions(past)
    marks = [_Mark(days(one.evaluated_at), "other questions", FAINT, ":") for one in past if one.run_id in changed]
    for event in events:
        colour, line = _STYLES[event.kind]
        marks.append(_Mark(days(event.at), str(event), colour, line))
    return sorted(marks, key=lambda mark: mark.x)


def draw_events(axes: "Axes", past: Sequence[PastEvaluation], events: Sequence[Event]) -> None:
    """Mark events and changes of the questions by lines, their names above in lanes: none lies on another."""
    left, right = axes.get_xlim()
    lanes: list[list[tuple[float, float]]] = [[] for _ in range(LANES)]
    for mark in reversed(_marks(past, events)):
        axes.axvline(mark.x, color=mark.colour, linewidth=0.9, linestyle=mark.line, alpha=0.7, zorder=0.9)
        text = mark.text if len(mark.text) <= LABEL_CHARACTERS else mark.text[: LABEL_CHARACTERS - 1] + "…"
        place = _place(lanes, (mark.x - left) / (right - left), len(text) * _LETTER)
        if place is not None:
            lane, at, side = place
            axes.text(
                at,
                1.01 + lane * _LANE,
                text,
                ha=side,
                va="bottom",
                fontsize=8,
                color=mark.colour,
                transform=axes.transAxes,
                parse_math=False,
            )


def _place(
    lanes: Sequence[list[tuple[float, float]]], at: float, width: float
) -> tuple[int, float, Literal["left", "right"]] | None:
    """Return the lowest lane with room for a name beside its line, and take it; None where all are full.

    A name begins at its line or ends there, and stays within the axes.
    """
    for lane, taken in enumerate(lanes):
        for side, start in (("left", at), ("right", at - width)):
            fits = start >= 0 and start + width <= 1
            if fits and all(start + width + _GAP < other or end + _GAP < start for other, end in taken):
                taken.append((start, start + width))
                return lane, at, "left" if side == "left" else "right"
    return None
