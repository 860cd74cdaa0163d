"""The course of a training as a PNG."""

from typing import Any

from xnai_pipelines.adapters.adapter import Adapter
from xnai_pipelines.extras import require
from xnai_pipelines.figures import rendered

_LOSS, _VALIDATION, _MRR = "#0072B2", "#D55E00", "#009E73"  # of the Okabe-Ito palette
_INK, _FAINT, _GRID = "#222222", "#888888", "#e5e5e5"
_SMOOTHED = 0.9  # weight of the previous running mean in each step


def curve_plot(adapter: Adapter) -> bytes:
    """Return a PNG of the training loss by step, with the validation loss, and its MRR if there is one."""
    require("plots", "A plot")
    from matplotlib.figure import Figure

    curve = adapter.curve()
    steps, points = curve["steps"], curve["validation"]
    ranked = [point for point in points if point.get("mrr") is not None]
    figure = Figure(figsize=(7, 3.5), dpi=100, layout="constrained")
    panels = figure.subplots(1, 2 if ranked else 1, squeeze=False)[0]
    loss = panels[0]
    at = [step["step"] for step in steps]
    values = [step["loss"] for step in steps]
    loss.plot(at, values, color=_LOSS, linewidth=0.8, alpha=0.35)
    loss.plot(at, _running_mean(values), color=_LOSS, linewidth=1.8, label="training")
    if points:
        where = [point["step"] for point in points]
        loss.plot(where, [point["loss"] for point in points], "o-", color=_VALIDATION, label="validation", markersize=4)
    loss.set_ylim(bottom=0)
    loss.legend(frameon=False, fontsize=9)
    _finish(loss, "loss")
    if ranked:
        where = [point["step"] for point in ranked]
        panels[1].plot(where, [point["mrr"] for point in ranked], "o-", color=_MRR, label="MRR", markersize=4)
        panels[1].plot(
            where, [point["recall_at_1"] for point in ranked], "o-", color=_VALIDATION, label="recall@1", markersize=4
        )
        panels[1].set_ylim(0, 1)
        panels[1].legend(frameon=False, fontsize=9)
        _finish(panels[1], "validation, among its own passages")
    figure.suptitle(f"Adapter {adapter.adapter_id}: {len(steps)} steps", x=0.01, ha="left", fontsize=10, color=_INK)
    return rendered(figure)


def _running_mean(values: list[float]) -> list[float]:
    mean, weight, found = 0.0, 0.0, []
    for value in values:
        mean, weight = _SMOOTHED * mean + (1 - _SMOOTHED) * value, _SMOOTHED * weight + 1 - _SMOOTHED
        found.append(mean / weight)
    return found


def _finish(axes: Any, title: str) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_FAINT)
    axes.tick_params(length=0, labelcolor=_INK, labelsize=9)
    axes.grid(axis="y", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_title(title, loc="left", fontsize=9, color=_INK)
    axes.set_xlabel("step", fontsize=9, color=_INK)
