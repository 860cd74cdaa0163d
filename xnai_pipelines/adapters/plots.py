"""The course of a training as a PNG."""

from typing import Any

from xnai_pipelines.adapters.adapter import Adapter
from xnai_pipelines.drawing import BLUE, GREEN, GRID, INK, ORANGE, png
from xnai_pipelines.extras import require

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
    loss.plot(at, values, color=BLUE, linewidth=0.8, alpha=0.35)
    loss.plot(at, _running_mean(values), color=BLUE, linewidth=1.8, label="training")
    if points:
        where = [point["step"] for point in points]
        loss.plot(where, [point["loss"] for point in points], "o-", color=ORANGE, label="validation", markersize=4)
    loss.set_ylim(bottom=0)
    loss.legend(frameon=False, fontsize=9)
    _finish(loss, "loss")
    if ranked:
        where = [point["step"] for point in ranked]
        panels[1].plot(where, [point["mrr"] for point in ranked], "o-", color=GREEN, label="MRR", markersize=4)
        panels[1].plot(
            where, [point["recall_at_1"] for point in ranked], "o-", color=ORANGE, label="recall@1", markersize=4
        )
        panels[1].set_ylim(0, 1)
        panels[1].legend(frameon=False, fontsize=9)
        _finish(panels[1], "validation, among its own passages")
    return png(figure, f"Adapter {adapter.adapter_id}: {len(steps)} steps")


def _running_mean(values: list[float]) -> list[float]:
    mean, weight, found = 0.0, 0.0, []
    for value in values:
        mean, weight = _SMOOTHED * mean + (1 - _SMOOTHED) * value, _SMOOTHED * weight + 1 - _SMOOTHED
        found.append(mean / weight)
    return found


def _finish(axes: Any, title: str) -> None:
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_title(title, loc="left", fontsize=9, color=INK)
    axes.set_xlabel("step", fontsize=9, color=INK)
