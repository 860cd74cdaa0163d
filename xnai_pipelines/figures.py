"""Figures of Matplotlib as PNG bytes."""

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def rendered(figure: "Figure") -> bytes:
    """Return the figure as PNG.

    It is laid out and drawn once; `Figure.savefig` does both twice if the figure has a layout.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    content = BytesIO()
    FigureCanvasAgg(figure).print_png(content)
    return content.getvalue()
