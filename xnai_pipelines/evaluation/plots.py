"""Plots of evaluations as PNG bytes, small enough for an event log."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from xnai_pipelines.drawing import BLUE, GREEN, GRID, ORANGE, days, png
from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.evaluation.report import EvaluationReport, Headline, PastEvaluation, metric_name
from xnai_pipelines.questions.question import Origin

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"hybrid": BLUE, "vector": ORANGE, "keyword": GREEN}
OTHER_COLOUR = "#666666"

_SHOWN = {
    "ndcg_at_10": "nDCG@10",
    "mrr_at_10": "MRR@10",
    "recall_at_10": "recall@10",
    "success_at_10": "success@10",
}


def modes_plot(report: EvaluationReport, headline: Headline) -> bytes:
    """Return a PNG of a headline's metrics by mode with 95 % intervals."""
    from matplotlib.figure import Figure

    sections = report.sections_of(headline)
    height = 0.8 + 0.23 * len(_SHOWN) * (len(sections) + 0.7)
    figure = Figure(figsize=(7, height), dpi=100, layout="constrained")
    axes = figure.subplots()
    row, centres = 0.0, []
    for metric in _SHOWN:
        for section in sections:
            estimate, colour = section.metrics[metric], COLOURS.get(section.mode, OTHER_COLOUR)
            draw_interval(axes, row, estimate, label=f"{section.mode} {estimate.mean:.3f}", colour=colour)
            row += 1
        centres.append(row - (len(sections) + 1) / 2)
        row += 0.7
    axes.set_yticks(centres, list(_SHOWN.values()))
    axes.set_ylim(row - 1, -0.7)
    lowest = min(section.metrics[metric].low for section in sections for metric in _SHOWN)
    # Room on the right for the labels. The axis starts at zero only if the figures are near it.
    left = 0.0 if lowest < 0.4 else lowest - 0.05
    axes.set_xlim(left, 1 + 0.2 * (1 - left))
    axes.set_xticks([tick for tick in axes.get_xticks() if left <= tick <= 1])
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    return png(figure, f"{headline.statement}, 95 % CI")


def draw_interval(axes: "Axes", row: float, estimate: Estimate, *, label: str, colour: str) -> None:
    """Draw a mean with its interval in a row of a forest plot, and its label on the right."""
    axes.plot([estimate.low, estimate.high], [row, row], color=colour, linewidth=2)
    axes.plot(estimate.mean, row, "o", color=colour, markersize=6)
    axes.annotate(
        label,
        (estimate.high, row),
        (7, 0),
        textcoords="offset points",
        va="center",
        fontsize=9,
        color=colour,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},  # over grid and limit lines
    )


def with_questions(history: Iterable[PastEvaluation], origin: Origin, modes: Sequence[str]) -> list[PastEvaluation]:
    """Return the evaluations that have questions of the origin, oldest first."""
    names = [metric_name(origin, mode, "ndcg_at_10") for mode in modes]
    return sorted(
        (one for one in history if any(name in one.metrics for name in names)), key=lambda one: one.evaluated_at
    )


def draw_curves(
    axes: "Axes", past: Sequence[PastEvaluation], origin: Origin, modes: Sequence[str]
) -> list[tuple[float, str, str]]:
    """Return each curve's last value, mode and colour after drawing nDCG@10 by mode with its intervals."""
    ends = []
    for mode in modes:
        name, colour = metric_name(origin, mode, "ndcg_at_10"), COLOURS.get(mode, OTHER_COLOUR)
        tracked = [one for one in past if name in one.metrics]
        for stretch in _stretches(tracked):
            _draw_stretch(axes, stretch, name, colour)
        if tracked:
            ends.append((tracked[-1].metrics[name], mode, colour))
    return ends


def time_axis(axes: "Axes", first: datetime, last: datetime, *, least_days: float = 0.0) -> None:
    """Set dates on the time axis from the first to the last time, and draw grid lines.

    The axis is at least `least_days` long: seconds say nothing beside a single point.
    """
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    shown = days(last) - days(first)
    margin = max(0.02 * shown or 0.5, (least_days - shown) / 2)
    axes.set_xlim(days(first) - margin, days(last) + margin)
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.margins(y=0.12)


def _stretches(past: Sequence[PastEvaluation]) -> list[list[PastEvaluation]]:
    """Return runs of evaluations on the same questions."""
    return [list(group) for _, group in groupby(past, key=lambda one: one.tags.get("question_set"))]


def _draw_stretch(axes: "Axes", stretch: Sequence[PastEvaluation], name: str, colour: str) -> None:
    times = [days(one.evaluated_at) for one in stretch]
    means, low, high = ([one.metrics[name + end] for one in stretch] for end in ("", "_low", "_high"))
    axes.plot(times, means, "o-", color=colour, markersize=3.5, linewidth=1.6)
    if len(stretch) == 1:
        axes.vlines(times, low, high, color=colour, alpha=0.3, linewidth=2)
    else:
        axes.fill_between(times, low, high, color=colour, alpha=0.1, linewidth=0)


def label_ends(axes: "Axes", ends: Sequence[tuple[float, str, str]]) -> None:
    """Write each line's mode and last value beside its end, without overlap."""
    bottom, top = axes.get_ylim()
    height = None
    for value, mode, colour in sorted(ends):
        place = (value - bottom) / (top - bottom)
        height = place if height is None else max(place, height + 0.075)
        axes.annotate(
            f"{mode} {value:.3f}",
            (1, height),
            (5, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=colour,
            annotation_clip=False,
        )
