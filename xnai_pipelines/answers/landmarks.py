"""Where the characters of a document stand: the headings above them and their page. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Column: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Landmark:
    """A place in a document from which on, up to the next one, the headings above and the page are these.

    Attributes:
        start: First character.
        heading_path: Headings above, the topmost first.
        page: Label of the page, slide or sheet; None if the document has none.
    """

    start: int
    heading_path: tuple[str, ...]
    page: str | None


class Structures:
    """The headings and pages of all documents as they are stored."""

    def __init__(self, documents: pa.Table) -> None:
        """Take the columns `document_id`, `headings` and `pages` of the documents table."""
        self._rows = {document: row for row, document in enumerate(documents["document_id"].to_pylist())}
        self._headings = _lists(documents["headings"], "start", "level", "title")
        self._pages = _lists(documents["pages"], "start", "label")

    def of(self, document_id: str) -> "Structure | None":
        """Return the headings and pages of a document, None if it was deleted."""
        row = self._rows.get(document_id)
        return None if row is None else Structure(*self._headings(row), *self._pages(row))


@dataclass(frozen=True, slots=True)
class Structure:
    """The headings and pages of one document, in the order of its text.

    Attributes:
        starts: First character of each heading: int64 [h].
        levels: Level of each heading, the topmost the least.
        titles: Title of each heading.
        pages: First character of each page: int64 [p].
        labels: Label of each page.
    """

    starts: Column
    levels: Column
    titles: Column
    pages: Column
    labels: Column

    def path_at(self, position: int) -> tuple[str, ...]:
        """Return the titles of the headings above a character, the topmost first."""
        path: list[str] = []
        level = np.inf
        for at in range(int(np.searchsorted(self.starts, position, side="right")) - 1, -1, -1):
            if self.levels[at] < level:
                level = self.levels[at]
                path.append(self.titles[at])
        return tuple(reversed(path))

    def section_at(self, position: int) -> int:
        """Return the first character of the last heading above a character, 0 if there is none."""
        at = int(np.searchsorted(self.starts, position, side="right")) - 1
        return int(self.starts[at]) if at >= 0 else 0

    def page_at(self, position: int) -> str | None:
        """Return the label of the page that a character is on, None if the document has none."""
        at = int(np.searchsorted(self.pages, position, side="right")) - 1
        return None if at < 0 else str(self.labels[at])

    def changes(self, start: int, end: int) -> list[int]:
        """Return the characters strictly inside a range with which a section or a page begins, ascending."""
        inside = [
            starts[np.searchsorted(starts, start + 1) : np.searchsorted(starts, end)]
            for starts in (self.starts, self.pages)
        ]
        changes: list[int] = np.unique(np.concatenate(inside)).tolist()
        return changes


def landmarks(passage: Mapping[str, Any], structure: Structure | None) -> Iterator[Landmark]:
    """Yield the landmarks of a passage: its start, and each heading and page that begins inside it.

    Args:
        passage: Its columns `start`, `end`, `heading_path` and `page`.
        structure: Headings and pages of its document; None if it was deleted. They do not fit the passage, and are not
            used, if the document was edited since.
    """
    start, path, page = passage["start"], tuple(passage["heading_path"] or ()), passage["page"]
    yield Landmark(start, path, page)
    changes = structure.changes(start, passage["end"]) if structure else []
    if not structure or not changes or page != structure.page_at(start):
        return
    # a passage may begin with lines that belong to its first heading, such as a label above it
    if path in (structure.path_at(start), structure.path_at(changes[0])):
        yield from (Landmark(at, structure.path_at(at), structure.page_at(at)) for at in changes)


def _lists(column: pa.ChunkedArray, *fields: str) -> Callable[[int], Sequence[Column]]:
    """Return what gives the fields of the structs that a column of lists has in a row."""
    lists = column.combine_chunks()
    offsets = lists.offsets.to_numpy()
    columns = [lists.values.field(name).to_numpy(zero_copy_only=False) for name in fields]
    return lambda row: [values[offsets[row] : offsets[row + 1]] for values in columns]
