"""Plots health over time, as a PNG small enough for an event log."""

from xnai_pipelines.documents.health.report import HealthHistory
from xnai_pipelines.documents.health.rules import HealthRules
from xnai_pipelines.figures import rendered

# Two of Okabe and Ito's colours, distinct in any colour vision.
_SCORE = "#0072B2"
_FRESHNESS = "#D55E00"
_FAINT = "#888888"


def health_plot(history: HealthHistory, rules: HealthRules) -> bytes:
    """Return a PNG of mean score and freshness over time with their thresholds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 2.6), dpi=100, layout="constrained")
    axes = figure.subplots()
    # Matplotlib's unit: days since 1970
    times = [point.inspected_at.timestamp() / 86_400 for point in history.points]
    lines = (
        ("score", [point.score for point in history.points], _SCORE, rules.quality),
        ("freshness", [point.freshness for point in history.points], _FRESHNESS, rules.freshness),
    )
    for name, values, colour, threshold in lines:
        axes.plot(times, values, "o-", color=colour, markersize=3.5, linewidth=1.6, label=f"{name} {values[-1]:.2f}")
        axes.axhline(threshold, color=colour, linewidth=0.8, linestyle=":")
    axes.set_ylim(0, 1.02)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_FAINT)
    axes.tick_params(length=0, labelsize=9)
    axes.legend(loc="lower left", frameon=False, fontsize=9, ncols=2)
    figure.suptitle("Document health; dotted: thresholds", x=0.01, ha="left", fontsize=10)
    axes.xaxis_date()
    figure.autofmt_xdate()
    return rendered(figure)
