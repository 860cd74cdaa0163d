"""The look of every plot: colours, no frame, a title on the left, and a PNG small enough for an event log."""

import warnings
from contextlib import suppress
from datetime import datetime
from functools import cache
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
    """Return the figure as PNG. Letters that no installed font has are drawn as boxes.

    It is laid out and drawn once; `Figure.savefig` does both twice if the figure has a layout.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    _use_fonts_that_have_the_letters(figure)
    content = BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from", UserWarning)
        warnings.filterwarnings("ignore", r"Matplotlib currently does not support .* natively", UserWarning)
        FigureCanvasAgg(figure).print_png(content)  # type: ignore[no-untyped-call]
    return content.getvalue()


def _use_fonts_that_have_the_letters(figure: "Figure") -> None:
    from matplotlib.text import Text

    texts = [text for text in figure.findobj(Text) if isinstance(text, Text) and not text.get_text().isascii()]
    others = _families_with(frozenset(letter for text in texts for letter in text.get_text()))
    for text in texts if others else ():
        text.set_fontfamily([*text.get_fontfamily(), *others])


@cache
def _families_with(letters: frozenset[str]) -> tuple[str, ...]:
    """Return installed families that have the letters which the font of plots lacks, the one with most first."""
    from matplotlib.font_manager import FontProperties, findfont, fontManager

    lacked = letters - _letters_in(findfont(FontProperties()), letters)
    if not lacked:
        return ()
    having = {entry.name: _letters_in(entry.fname, lacked) for entry in fontManager.ttflist}
    chosen = []
    for name in sorted(having, key=lambda name: (-len(having[name]), name)):
        if having[name] & lacked:
            chosen.append(name)
            lacked -= having[name]
    return tuple(chosen)


def _letters_in(path: str, letters: frozenset[str]) -> frozenset[str]:
    """Return those of the letters that a font has as outlines."""
    from matplotlib.ft2font import FT2Font

    with suppress(OSError, RuntimeError):  # of files that are not fonts, or gone
        font = FT2Font(path)
        if font.scalable:
            return frozenset(letter for letter in letters if font.get_char_index(ord(letter)))
    return frozenset()


def days(at: datetime) -> float:
    """Return the time in Matplotlib's unit, days since 1970."""
    return at.timestamp() / 86400
