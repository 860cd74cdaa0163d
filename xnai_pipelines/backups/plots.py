"""Plots restore drills over time, as a PNG small enough for an event log."""

from collections.abc import Sequence
from datetime import datetime

from xnai_pipelines.backups.drill import Drill
from xnai_pipelines.drawing import BLUE, FAINT, ORANGE, days, png


def drills_plot(drills: Sequence[Drill]) -> bytes:
    """Return a PNG of recovery time and recovery point of each drill; failed drills stand out."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.2), dpi=100, layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    times = [days(datetime.fromisoformat(one.at)) for one in drills]
    colours = [BLUE if one.passed else ORANGE for one in drills]
    lines = (
        ("RTO, s", [one.recovery_seconds for one in drills]),
        ("RPO, h", [one.lost_hours for one in drills]),
    )
    for axes, (name, values) in zip(panels, lines, strict=True):
        axes.plot(times, values, "-", color=FAINT, linewidth=1.0, zorder=1)
        axes.scatter(times, values, c=colours, s=14, zorder=2)
        axes.set_ylim(0, max([*values, 1e-3]) * 1.15)
        axes.set_ylabel(name, fontsize=9)
    panels[-1].xaxis_date()
    figure.autofmt_xdate()
    return png(figure, "Restore drills; orange: failed")
