"""Paragraphs and tables of a word processor, put together run by run, as Markdown."""

import re
from dataclasses import dataclass, field

from xnai_pipelines.documents.parsers.markup.markdown import filled_table

_MAX_LEVEL = 6
_LAST_RUNS = 20
_NUMBERED = re.compile(r"\w+(?:\.\w+)*[.)]")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class TextBuilder:
    """A text while it is put together.

    Attributes:
        level: Level of the paragraph if it is a heading, else 0.
        mark: The paragraph's number or bullet in a list, "" outside of lists.
        in_table: Whether the paragraph is in a cell.
        after: Blocks that follow the paragraph: its notes, comments and boxes.
        chars: Characters so far.
    """

    level: int = 0
    mark: str = ""
    in_table: bool = False
    after: list[str] = field(default_factory=list)
    chars: int = 0
    _blocks: list[str] = field(default_factory=list)
    _runs: list[str] = field(default_factory=list)
    _cell: list[str] = field(default_factory=list)
    _cells: list[str] = field(default_factory=list)
    _rows: list[list[str]] = field(default_factory=list)

    def put(self, text: str) -> None:
        """Add a run to the paragraph."""
        self.chars += len(text)
        self._runs.append(text)

    @property
    def last_words(self) -> str:
        """The end of the paragraph so far."""
        return "".join(self._runs[-_LAST_RUNS:])

    def reset(self) -> None:
        """Make the paragraph a plain one again."""
        self.level, self.in_table = 0, False

    def end_paragraph(self) -> None:
        """End a paragraph of the text or of a cell."""
        text = self._taken()
        mark, self.mark = self.mark, ""
        if self.in_table:
            self._cell += [f"{mark} {text}" if _NUMBERED.fullmatch(mark) and text else text]
            return
        self._end_table()
        if text and self.level:
            text = f"{'#' * min(self.level, _MAX_LEVEL)} {' '.join([mark, *text.split()]).strip()}"
        elif text and mark:
            text = f"{mark if _NUMBERED.fullmatch(mark) else '-'} {text}"
        self._add(text)

    def end_cell(self, *, nested: bool = False) -> None:
        """End a cell. The cells of a nested table are parts of the cell around it."""
        self._cell.append(self._taken())
        self.mark = ""
        if not nested:
            self._cells.append(" ".join(filter(None, self._cell)))
            self._cell = []

    def end_row(self) -> None:
        """End a row of a table."""
        if self._cells:
            self._rows.append(self._cells)
        self._cells = []

    def markdown(self) -> str:
        """Return the text. What is begun is ended."""
        self.end_paragraph()
        if self._cell or self._cells:
            self.end_cell()
            self.end_row()
        self._end_table()
        self._add("")
        return "\n\n".join(self._blocks)

    def _taken(self) -> str:
        text = "".join(self._runs).strip()
        self._runs = []
        if _SURROGATE.search(text):  # a character beyond the first plane comes in two halves
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return text

    def _end_table(self) -> None:
        rows, self._rows = self._rows, []
        if table := filled_table(rows):
            self._blocks.append(table)

    def _add(self, text: str) -> None:
        after, self.after = self.after, []
        self._blocks += filter(None, [text, *after])
