"""The card as a PNG for an event log: shipped size against quality."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xnai_pipelines.drawing import FAINT, GRID, INK, ORANGE, frameless, saved
from xnai_pipelines.extras import require
from xnai_pipelines.models.card.card import FULL_PRECISION, Card, VariantFigures
from xnai_pipelines.models.card.policy import MEGABYTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize

_SPEEDS = "viridis_r"  # the faster, the darker
_SIZES = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 2000, 5000)

_FONT = 8.5
_LETTER = (6.0, 12.0)  # pixels: mean width of a letter and height of a line at that size
# Positions of a label, in pixels from its point: the first free one is taken.
_PLACES = ((9, -6), (9, 5), (9, -17), (-9, 5), (-9, -17), (-9, -6), (9, 17), (9, -29), (-9, 17), (-9, -29), (9, 29))

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Point:
    figures: VariantFigures
    size: float
    quality: float
    low: float
    high: float

    @property
    def sound(self) -> bool:
        return self.figures.failed is None


def pareto_plot(card: Card) -> bytes:
    """Return a PNG of the variants by shipped size and quality, coloured by speed against fp32.

    Quality is nDCG@10 in the card's mode with the 95 % interval of the difference to fp32, or the mean cosine to fp32
    if there are no questions. The line joins the variants to which no other is both smaller and better. Failed ones are
    hollow, those far below are at the lower edge, and the choice has a ring.

    Raises:
        ValueError: No variant has a size and a measured quality.
    """
    require("plots", "A plot")
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

    by_ndcg = any(card.mode in figures.retrieval for figures in card.variants)
    points = [point for figures in card.variants if (point := _point(card, figures, by_ndcg)) is not None]
    if not points:
        raise ValueError("The card has no variant with a size and a measured quality to draw.")
    figure = Figure(figsize=(8, 4.6), dpi=100, layout="constrained")
    axes = figure.subplots()
    _scale(axes, points)
    bottom = axes.get_ylim()[0]
    frontier = _frontier([point for point in points if point.sound])
    axes.plot([point.size for point in frontier], [point.quality for point in frontier], color=GRID, linewidth=3)
    speeds = [point.figures.speed_ratio or 1.0 for point in points]
    norm = Normalize(min(*speeds, 0.9), max(*speeds, 1.1))
    for point in points:
        _draw(
            axes,
            point,
            norm=norm,
            bottom=bottom,
            chosen=card.choice is not None and card.choice.variant == point.figures.name,
        )
    bar = figure.colorbar(ScalarMappable(norm, _SPEEDS), ax=axes, pad=0.02, aspect=30)
    bar.set_label("passages per second, relative to fp32", fontsize=9, color=INK)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelcolor=INK, labelsize=9)
    axes.set_xlabel("shipped size, MB", fontsize=9, color=INK)
    quality = f"nDCG@10, {card.mode} search" if by_ndcg else "mean cosine to fp32"
    axes.set_ylabel(quality, fontsize=9, color=INK)
    on = card.origin if by_ndcg else f"{card.held_out:,} held-out passages"
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    frameless(figure, f"Size and quality on {on}")
    # the layout is final from here on, so that labels can avoid each other
    figure.draw_without_rendering()
    _label(axes, points, bottom, card.choice.variant if card.choice else None)
    return saved(figure)


def _point(card: Card, figures: VariantFigures, by_ndcg: bool) -> _Point | None:
    if not figures.shipped_bytes:
        return None
    size = figures.shipped_bytes / MEGABYTE
    retrieval, full = figures.retrieval.get(card.mode), card.variant(FULL_PRECISION)
    if by_ndcg and retrieval is not None:
        base = full.retrieval[card.mode].ndcg if full and card.mode in full.retrieval else retrieval.ndcg
        difference = retrieval.difference
        return _Point(
            figures=figures, size=size, quality=retrieval.ndcg, low=base + difference.low, high=base + difference.high
        )
    if not by_ndcg and figures.agreement is not None:
        cosine = figures.agreement.cosine_mean
        return _Point(figures=figures, size=size, quality=cosine, low=cosine, high=cosine)
    return None


def _scale(axes: "Axes", points: Sequence[_Point]) -> None:
    from matplotlib.ticker import NullLocator

    smallest, largest = min(point.size for point in points), max(point.size for point in points)
    axes.set_xscale("log")
    axes.set_xlim(smallest / 1.15, largest * 1.3)
    ticks = [size for size in _SIZES if smallest / 1.15 <= size <= largest * 1.3]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    shown = [point for point in points if point.sound] or list(points)
    low, high = min(point.low for point in shown), max(point.high for point in shown)
    margin = max(0.12 * (high - low), 0.005)
    axes.set_ylim(low - 1.5 * margin, high + margin)


def _frontier(points: Sequence[_Point]) -> list[_Point]:
    """Return, by size, the points to which no other is both smaller and better."""
    best: list[_Point] = []
    for point in sorted(points, key=lambda point: (point.size, -point.quality)):
        if not best or point.quality > best[-1].quality:
            best.append(point)
    return best


def _draw(axes: "Axes", point: _Point, norm: "Normalize", bottom: float, chosen: bool) -> None:
    import matplotlib as mpl

    speed = point.figures.speed_ratio
    colour = FAINT if speed is None else mpl.colormaps[_SPEEDS](norm(speed))
    below = point.quality < bottom
    height = bottom if below else point.quality
    if not below and point.high > point.low:
        axes.plot([point.size, point.size], [max(point.low, bottom), point.high], color=colour, linewidth=1, alpha=0.5)
    if chosen:
        axes.plot(point.size, height, "o", markersize=15, markerfacecolor="none", color=ORANGE, markeredgewidth=2)
    axes.plot(
        point.size,
        height,
        "v" if below else "o",
        markersize=8,
        color=colour,
        markerfacecolor=colour if point.sound else "white",
        markeredgewidth=1.5,
        clip_on=False,
        zorder=3,
    )


def _label(axes: "Axes", points: Sequence[_Point], bottom: float, chosen: str | None) -> None:
    """Write each point's name at a position without points or other names."""
    from matplotlib.patheffects import withStroke

    at = {
        point.figures.name: axes.transData.transform((point.size, max(point.quality, bottom))).tolist()
        for point in points
    }
    taken: list[Box] = [(x - 6, y - 6, x + 6, y + 6) for x, y in at.values()]
    right, lowest = axes.get_window_extent().x1, axes.get_window_extent().y0 + 2
    for point in points:
        name = point.figures.name
        text = f"{name} {point.quality:.2f}" if point.quality < bottom else name
        text += ", failed" if not point.sound else ""
        boxes = {place: _label_box(at[name], place, len(text)) for place in _PLACES}
        free = (
            place for place, box in boxes.items() if box[2] < right + 15 and box[1] > lowest and not _meets(box, taken)
        )
        place = next(free, _PLACES[0])
        taken.append(boxes[place])
        axes.annotate(
            text,
            (point.size, max(point.quality, bottom)),
            (place[0] * 0.72, place[1] * 0.72),  # in points of 1/72 inch; 100 pixels make 72 of them
            textcoords="offset points",
            ha="left" if place[0] > 0 else "right",
            va="bottom",
            fontsize=_FONT,
            fontweight="bold" if name == chosen else "normal",
            color=ORANGE if name == chosen else INK if point.sound else FAINT,
            annotation_clip=False,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
        )


def _label_box(point: Sequence[float], place: tuple[int, int], letters: int) -> Box:
    """Return the box of a label at a place beside its point, in pixels: left, lower, right, upper."""
    width, height = _LETTER[0] * letters, _LETTER[1]
    left = point[0] + place[0] - (0 if place[0] > 0 else width)
    lower = point[1] + place[1]
    return left, lower, left + width, lower + height


def _meets(box: Box, others: Sequence[Box]) -> bool:
    return any(box[0] < x1 and x0 < box[2] and box[1] < y1 and y0 < box[3] for x0, y0, x1, y1 in others)
