"""Plots health over time, as a PNG small enough for an event log."""

from xnai_pipelines.documents.health.report import HealthHistory
from xnai_pipelines.documents.health.rules import HealthRules
from xnai_pipelines.drawing import BLUE, ORANGE, days, png


def health_plot(history: HealthHistory, rules: HealthRules) -> bytes:
    """Return a PNG of mean score and freshness over time with their thresholds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 2.6), dpi=100, layout="constrained")
    axes = figure.subplots()
    times = [days(point.inspected_at) for point in history.points]
    lines = (
        ("score", [point.score for point in history.points], BLUE, rules.quality),
        ("freshness", [point.freshness for point in history.points], ORANGE, rules.freshness),
    )
    for name, values, colour, threshold in lines:
        axes.plot(times, values, "o-", color=colour, markersize=3.5, linewidth=1.6, label=f"{name} {values[-1]:.2f}")
        axes.axhline(threshold, color=colour, linewidth=0.8, linestyle=":")
    axes.set_ylim(0, 1.02)
    axes.legend(loc="lower left", frameon=False, fontsize=9, ncols=2)
    axes.xaxis_date()
    figure.autofmt_xdate()
    return png(figure, "Document health; dotted: thresholds")
