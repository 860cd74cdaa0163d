"""Accuracy of slices over time: what a headline over all questions hides."""

from collections.abc import Sequence
from itertools import product

import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.evaluation.history import PastEvaluation
from xnai_pipelines.evaluation.plots import COLOURS, days, label_ends, png, time_axis
from xnai_pipelines.evaluation.report import Level
from xnai_pipelines.evaluation.timeline import Event, draw_events
from xnai_pipelines.questions.question import Split

STYLES = ("-", "--", ":", "-.")


def slice_figures(rows: pa.Table, dimension: str, modes: Sequence[str]) -> dict[str, float]:
    """Return mean nDCG@10 on test questions by slice and mode, such as "ru vector".

    Args:
        rows: Of schema `PER_QUESTION`.
        dimension: Column that slices are made by.
        modes: Search modes.
    """
    tested = rows.filter((pc.field("level") == Level.DOCUMENT) & (pc.field("split") == Split.TEST))
    values = sorted({value for value in tested[dimension].to_pylist() if value is not None})
    means = {
        f"{value} {mode}": pc.mean(
            tested.filter((pc.field(dimension) == value) & (pc.field("mode") == mode))["ndcg_at_10"]
        ).as_py()
        for value, mode in product(values, modes)
    }
    return {name: mean for name, mean in means.items() if mean is not None}


def slices_plot(
    evaluations: Sequence[tuple[PastEvaluation, pa.Table]],
    events: Sequence[Event],
    dimension: str,
    modes: Sequence[str] = ("vector", "hybrid"),
) -> bytes:
    """Return a PNG of nDCG@10 on test questions by slice and mode over time, with what happened marked.

    Args:
        evaluations: With their rows of schema `PER_QUESTION`, oldest first; at least one.
        events: In any order.
        dimension: Column that slices are made by.
        modes: Search modes.
    """
    from matplotlib.figure import Figure

    measured = [(days(past.evaluated_at), slice_figures(rows, dimension, modes)) for past, rows in evaluations]
    names = sorted({name for _, figures in measured for name in figures})
    styles = dict(zip(sorted({name.rpartition(" ")[0] for name in names}), STYLES, strict=False))
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
    return png(figure, axes, f"nDCG@10 on test questions by {dimension}")
