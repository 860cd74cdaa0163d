"""The look of every plot: colours, no frame, a title on the left, and a PNG small enough for an event log."""

from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, distinct in any colour vision.
BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
INK, FAINT, GRID = "#222222", "#888888", "#e5e5e5"


def png(figure: "Figure", title: str) -> bytes:
    """Return the figure as PNG, with its title and without frames."""
    frameless(figure, title)
    return saved(figure)


def frameless(figure: "Figure", title: str) -> None:
    """Set the title and remove the frames."""
    for axes in figure.axes:
        bare(axes)
    figure.suptitle(title, x=0.01, ha="left", fontsize=10, color=INK)


def bare(axes: "Axes") -> None:
    """Remove the frame of a panel."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(length=0, labelcolor=INK, labelsize=9)
    axes.set_axisbelow(True)


def saved(figure: "Figure") -> bytes:
    """Return the figure as PNG.

    It is laid out and drawn once; `Figure.savefig` does both twice if the figure has a layout.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    content = BytesIO()
    FigureCanvasAgg(figure).print_png(content)  # type: ignore[no-untyped-call]
    return content.getvalue()


def days(at: datetime) -> float:
    """Return the time in Matplotlib's unit, days since 1970."""
    return at.timestamp() / 86400
