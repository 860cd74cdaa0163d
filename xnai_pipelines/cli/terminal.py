"""The one door to the terminal: every text that people read is printed here, as data."""

from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from xnai_pipelines.wording import on_one_line, visible

BESIDE_COLUMN = 3  # characters: a space on each side, and one between two columns or at the edge
LEAST_COLUMNS = 2
LONGEST_WORD = 44  # longer ones, such as paths and hashes, are broken

_output = Console()
_errors = Console(stderr=True)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[str] = ()) -> None:
    """Print a table; the columns named in `right` are numbers.

    No word is broken: a terminal too narrow for all columns shows the first ones and names the others, so the columns
    that decide stand first. The second is always shown, with broken words if need be: a fact without its value is none.
    """
    cells = [[on_one_line(str(cell)) for cell in row] for row in rows]
    widths = _widths([[name, *(row[n] for row in cells)] for n, name in enumerate(columns)])
    # not the table's own title, which is folded to the width of the table, within words and paths
    say((title, "bold"))
    shown = Table(header_style="bold", pad_edge=False, box=box.SIMPLE_HEAD)
    for name, width in zip(columns, widths, strict=False):
        shown.add_column(Text(name), justify="right" if name in right else "left", overflow="fold", width=width)
    for row in cells:
        shown.add_row(*(Text(cell) for cell in row[: len(widths)]))
    _output.print(shown)
    if len(widths) < len(columns):
        say(f"Not shown at this width: {', '.join(columns[len(widths) :])}.", fold=True)


def say(*parts: str | tuple[str, str], fold: bool = False, error: bool = False, lines: bool = False) -> None:
    """Print a line of texts, of which some have a style: (text, style).

    Texts are data: brackets and backslashes in them are shown and never read as markup.

    Args:
        parts: The texts.
        fold: Break the line at words where the terminal ends, instead of leaving that to the terminal.
        error: Print to standard error.
        lines: Keep the lines of the texts, as of code; without it a name that has several is shown on one.
    """
    pairs = [(part, "") if isinstance(part, str) else part for part in parts]
    clean = visible if lines else on_one_line
    shown = Text.assemble(*((clean(words), style) for words, style in pairs))
    (_errors if error else _output).print(shown, soft_wrap=not fold)


def _widths(columns: Sequence[Sequence[str]]) -> list[int]:
    """Return the widths of the first columns, of as many as fit beside each other with whole words."""
    longest_words = [min(LONGEST_WORD, max(map(len, " ".join(cells).split()), default=1)) for cells in columns]
    fitting = len(columns)
    while fitting > LEAST_COLUMNS and sum(longest_words[:fitting]) + BESIDE_COLUMN * fitting > _output.width:
        fitting -= 1
    widths = [max(map(cell_len, cells)) for cells in columns[:fitting]]
    while (excess := sum(widths) + BESIDE_COLUMN * fitting - _output.width) > 0:
        # the column with the most room beyond its longest word gives way
        n = max(range(fitting), key=lambda n: widths[n] - longest_words[n])
        room = widths[n] - longest_words[n]
        if room <= 0:
            widths[-1] = max(1, widths[-1] - excess)  # words are broken where none can be left out
            break
        widths[n] -= min(room, max(1, excess // fitting))
    return widths
