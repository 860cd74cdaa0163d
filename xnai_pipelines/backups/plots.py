"""Plots restore drills over time, as a PNG small enough for an event log."""

from collections.abc import Sequence
from datetime import datetime

from xnai_pipelines.backups.drill import Drill
from xnai_pipelines.figures import rendered

# Two of Okabe and Ito's colours, distinct in any colour vision.
_PASSED = "#0072B2"
_FAILED = "#D55E00"
_FAINT = "#888888"


def drills_plot(drills: Sequence[Drill]) -> bytes:
    """Return a PNG of recovery time and recovery point of each drill; failed drills stand out."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.2), dpi=100, layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    # Matplotlib's unit: days since 1970
    times = [datetime.fromisoformat(one.at).timestamp() / 86_400 for one in drills]
    colours = [_PASSED if one.passed else _FAILED for one in drills]
    lines = (
        ("RTO, s", [one.recovery_seconds for one in drills]),
        ("RPO, h", [one.lost_hours for one in drills]),
    )
    for axes, (name, values) in zip(panels, lines, strict=True):
        axes.plot(times, values, "-", color=_FAINT, linewidth=1.0, zorder=1)
        axes.scatter(times, values, c=colours, s=14, zorder=2)
        axes.set_ylim(0, max([*values, 1e-3]) * 1.15)
        axes.set_ylabel(name, fontsize=9)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(_FAINT)
        axes.tick_params(length=0, labelsize=9)
    figure.suptitle("Restore drills; orange: failed", x=0.01, ha="left", fontsize=10)
    panels[-1].xaxis_date()
    figure.autofmt_xdate()
    return rendered(figure)
