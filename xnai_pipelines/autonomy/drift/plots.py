"""Plots documents and questions at the release and now, as a PNG small enough for an event log."""

from typing import TYPE_CHECKING

import numpy as np

from xnai_pipelines.autonomy.drift.profile import Mix, Profile, TextProfile
from xnai_pipelines.drawing import BLUE, FAINT, GRID, INK, ORANGE, png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BEFORE, _NOW = BLUE, ORANGE
_LANGUAGES = 6
_BINS = 30


def drift_plot(reference: Profile, current: Profile) -> bytes:
    """Return a PNG of the distances to the release's centroid and the languages, for documents and questions."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 5), dpi=100, layout="constrained")
    panels = figure.subplots(2, 2)
    parts = (
        ("documents", reference.documents, current.documents),
        ("questions", reference.questions, current.questions),
    )
    for (left, right), (noun, before, now) in zip(panels, parts, strict=True):
        _draw_distances(left, before, now)
        _draw_languages(right, before.languages, now.languages)
        left.set_title(f"{noun}: cosine distance to the release's centroid", loc="left", fontsize=9, color=INK)
        right.set_title(f"{noun}: languages, %", loc="left", fontsize=9, color=INK)
    times = f"{reference.taken_at:%Y-%m-%d %H:%M} (blue lines) and {current.taken_at:%Y-%m-%d %H:%M} (filled orange)"
    return png(figure, f"Release {reference.release}: {times}")


def _draw_distances(axes: "Axes", before: TextProfile, now: TextProfile) -> None:
    pooled = np.concatenate([before.distances, now.distances])
    axes.set_yticks([])
    if not len(pooled):
        _no_data(axes)
        return
    low, high = float(pooled.min()), float(pooled.max())
    edges = np.linspace(low - 0.01, high + 0.01, _BINS + 1)
    for profile, colour, filled in ((now, _NOW, True), (before, _BEFORE, False)):
        if not len(profile.distances):
            continue
        heights = np.histogram(profile.distances, edges)[0] / len(profile.distances)
        axes.stairs(heights, edges, color=colour, fill=filled, alpha=0.45 if filled else 1, linewidth=1.6)


def _draw_languages(axes: "Axes", before: Mix, now: Mix) -> None:
    totals = {name: before.total.get(name, 0) + now.total.get(name, 0) for name in {*before.names, *now.names}}
    if not totals:
        _no_data(axes)
        return
    names = sorted(totals, key=lambda name: (-totals[name], name))
    shown = names[:_LANGUAGES]
    rows = np.arange(len(shown) + (len(names) > len(shown)))
    for mix, colour, shift, filled in ((before, _BEFORE, -0.2, False), (now, _NOW, 0.2, True)):
        total = sum(mix.total.values())
        shares = [100 * mix.total.get(name, 0) / max(total, 1) for name in shown]
        if len(rows) > len(shown):
            shares.append((100 - sum(shares)) if total else 0)
        face = colour if filled else "white"
        axes.barh(
            rows + shift, shares, 0.36, facecolor=face, edgecolor=colour, alpha=0.7 if filled else 1, linewidth=1.4
        )
        for row, share in zip(rows + shift, shares, strict=True):
            axes.annotate(
                f"{share:.0f}", (share, row), (4, 0), textcoords="offset points", va="center", fontsize=8, color=colour
            )
    axes.set_yticks(rows, [*shown, "other"][: len(rows)])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 112)
    axes.set_xticks([0, 50, 100])
    axes.grid(axis="x", color=GRID, linewidth=0.8)


def _no_data(axes: "Axes") -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.annotate("no data", (0.5, 0.5), xycoords="axes fraction", ha="center", fontsize=9, color=FAINT)
