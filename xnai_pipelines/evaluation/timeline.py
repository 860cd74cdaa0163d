"""Accuracy over time, overall and by slice, with releases, retrainings and their causes marked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise, product
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.drawing import FAINT, INK, PINK, days, png
from xnai_pipelines.evaluation.plots import COLOURS, draw_curves, label_ends, time_axis, with_questions
from xnai_pipelines.evaluation.report import Level, PastEvaluation, metric_name
from xnai_pipelines.questions.question import Origin, Split
from xnai_pipelines.wording import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIMELINE_COLUMNS = ("when (UTC)", "release", "hybrid", "vector", "what happened")

LABEL_CHARACTERS = 34
LANES = 5

SLICE_MODES = ("vector", "hybrid")
SLICE_LINES = ("-", "--", ":", "-.")

# Width of a letter and height of a lane, as shares of the axes of a figure of 7 by 3.5 inches.
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
    """An event between evaluations, with a short label: "release 3", "language ru fell"."""

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
    EventKind.REJECTED: (PINK, "--"),
    EventKind.DEGRADED: ("#A34700", ":"),
}


def timeline_plot(
    past: Sequence[PastEvaluation], events: Sequence[Event], origin: Origin, modes: Sequence[str]
) -> bytes:
    """Return a PNG of nDCG@10 by mode over time with 95 % intervals, and a labelled line per event.

    A curve breaks when the questions changed. If many events are close together, the latest keep their labels.

    Args:
        past: Past evaluations in any order. Those without questions of the origin are dropped.
        events: Events in any order.
        origin: Origin of the questions.
        modes: Search modes to show.
    """
    from matplotlib.figure import Figure

    shown = with_questions(past, origin, modes)
    figure = Figure(figsize=(7, 3.5), dpi=100, layout="constrained")
    axes = figure.subplots()
    times = sorted([*(one.evaluated_at for one in shown), *(event.at for event in events)])
    ends = draw_curves(axes, shown, origin, modes)
    if times:
        time_axis(axes, times[0], times[-1], least_days=2.0 if len(shown) == 1 else 0.0)
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
    return png(figure, f"nDCG@10 on {origin} questions, 95 % CI")


def timeline_rows(past: Sequence[PastEvaluation], events: Sequence[Event], origin: Origin) -> list[tuple[str, ...]]:
    """Return a row of `TIMELINE_COLUMNS` per evaluation and event, oldest first.

    Evaluations show nDCG@10 with its 95 % interval. The cells are empty if there were no questions of the origin.
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
    """Return the runs whose questions differ from those of the evaluation before."""
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
    """Draw a line per event and change of the questions, with labels above in lanes, without overlap."""
    left, right = axes.get_xlim()
    lanes: list[list[tuple[float, float]]] = [[] for _ in range(LANES)]
    for mark in reversed(_marks(past, events)):
        axes.axvline(mark.x, color=mark.colour, linewidth=0.9, linestyle=mark.line, alpha=0.7, zorder=0.9)
        text = shortened(mark.text, LABEL_CHARACTERS)
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
    """Return the lowest lane with room for a label beside its line, and reserve it; None if all are full.

    A label starts or ends at its line, and stays within the axes.
    """
    for lane, taken in enumerate(lanes):
        for side, start in (("left", at), ("right", at - width)):
            fits = start >= 0 and start + width <= 1
            if fits and all(start + width + _GAP < other or end + _GAP < start for other, end in taken):
                taken.append((start, start + width))
                return lane, at, "left" if side == "left" else "right"
    return None


def slice_figures(rows: pa.Table, dimension: str) -> dict[str, float]:
    """Return mean nDCG@10 on test questions by slice and `SLICE_MODES`, such as "ru vector".

    Args:
        rows: Table of schema `PER_QUESTION`.
        dimension: Column that defines the slices.
    """
    tested = rows.filter((pc.field("level") == Level.DOCUMENT) & (pc.field("split") == Split.TEST))
    values = sorted({value for value in tested[dimension].to_pylist() if value is not None})
    means = {
        f"{value} {mode}": pc.mean(
            tested.filter((pc.field(dimension) == value) & (pc.field("mode") == mode))["ndcg_at_10"]
        ).as_py()
        for value, mode in product(values, SLICE_MODES)
    }
    return {name: mean for name, mean in means.items() if mean is not None}


def slices_plot(
    evaluations: Sequence[tuple[PastEvaluation, pa.Table]],
    events: Sequence[Event],
    dimension: str,
) -> bytes:
    """Return a PNG of nDCG@10 on test questions by slice over time, in `SLICE_MODES`, with the events marked.

    Args:
        evaluations: At least one evaluation with its rows of schema `PER_QUESTION`, oldest first.
        events: Events in any order.
        dimension: Column that defines the slices.
    """
    from matplotlib.figure import Figure

    measured = [(days(past.evaluated_at), slice_figures(rows, dimension)) for past, rows in evaluations]
    names = sorted({name for _, figures in measured for name in figures})
    styles = dict(zip(sorted({name.rpartition(" ")[0] for name in names}), SLICE_LINES, strict=False))
    figure = Figure(figsize=(7, 3.5), dpi=100, layout="constrained")
    axes = figure.subplots()
    ends = []
    for name in names:
        value, _, mode = name.rpartition(" ")
        points = [(at, figures[name]) for at, figures in measured if name in figures]
        axes.plot(
            *zip(*points, strict=True),
            marker="o",
            markersize=3.5,
            color=COLOURS[mode],
            linestyle=styles.get(value, ":"),
        )
        ends.append((points[-1][1], name, COLOURS[mode]))
    times = sorted([past.evaluated_at for past, _ in evaluations] + [event.at for event in events])
    time_axis(axes, times[0], times[-1])
    draw_events(axes, [past for past, _ in evaluations], events)
    label_ends(axes, ends)
    return png(figure, f"nDCG@10 on test questions by {dimension}")
