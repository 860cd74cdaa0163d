"""The tables of a Word file of 1997 to 2003: stories, pieces, formats (MS-DOC, sections 2.4, 2.5 and 2.8)."""

import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple, Self

from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.errors import UnreadableError

_WORD = 0xA5EC
_WORD_97 = 0xC1
_ENCRYPTED, _TABLE_1 = 0x100, 0x200
_COUNTS = 0x4C  # characters per story
_FOOTNOTES, _COMMENTS, _HEADERS, _CHAR_PAGES, _PARAGRAPH_PAGES, _CLX, _AUTHORS, _ENDNOTES = (
    *(0xAA, 0xBA, 0xF2, 0xFA, 0x102, 0x1A2, 0x1BA, 0x20A),
)
_NEXT = 8  # bytes to the next place: the texts of notes follow their references
_PAGE = 512
_PAGE_NUMBER = 0x3FFFFF
_COMPRESSED = 0x40000000
_HEADING_STYLES = range(1, 10)  # style numbers that are fixed
_BODY_LEVEL = 9
_OPERAND_BYTES = {0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}
_LONG_OPERANDS = {0xD606, 0xD608}
_TABS = 0xC615
_DELETED, _HIDDEN = 0x0800, 0x083C
_IN_TABLE, _ENDS_ROW, _ENDS_CELL, _LEVEL, _LIST = 0x2416, 0x2417, 0x244B, 0x2640, 0x460B


class Story(IntEnum):
    """The texts of a file, in the order in which they follow each other."""

    BODY = 0
    FOOTNOTES = 1
    HEADERS = 2
    MACROS = 3
    COMMENTS = 4
    ENDNOTES = 5
    BOXES = 6
    HEADER_BOXES = 7


_NOTES = {Story.FOOTNOTES: (_FOOTNOTES, 2), Story.ENDNOTES: (_ENDNOTES, 2), Story.COMMENTS: (_COMMENTS, 30)}
_AUTHOR_AT = 20


@dataclass(frozen=True, slots=True)
class WordParts:
    """The two streams of a file and what its header says.

    Attributes:
        main: Stream with the text and the pages of formats.
        table: Stream with the tables.
    """

    main: bytes
    table: bytes

    @classmethod
    def of(cls, main: bytes, stream: Callable[[str], bytes | None]) -> Self:
        """Return the parts of a file that is neither too old nor encrypted.

        Raises:
            UnreadableError: "damaged", "encrypted", "unsupported".
        """
        magic, version = _numbers(main, 0, 2, "H")
        (flags,) = _numbers(main, 0x0A, 1, "H")
        if magic != _WORD or version < _WORD_97:
            raise UnreadableError(
                "unsupported", "The file is of Word 95 or older. Open it in Word or LibreOffice and save it as .docx."
            )
        if flags & _ENCRYPTED:
            raise UnreadableError("encrypted", "The file needs a password. Save it without one.")
        table = stream("1Table" if flags & _TABLE_1 else "0Table")
        if table is None:
            raise UnreadableError("damaged", "The file lacks the table of its text: it is damaged. Save it again.")
        return cls(main, table)

    def length(self, story: Story) -> int:
        """Return the number of characters of a story."""
        return max(0, _numbers(self.main, _COUNTS, len(Story), "i")[story])

    def span(self, story: Story) -> tuple[int, int]:
        """Return where a story begins and ends in the text."""
        start = sum(self.length(one) for one in Story if one < story)
        return start, start + self.length(story)

    def clx(self) -> bytes:
        """Return the table of pieces with what stands before it."""
        return self.place(_CLX)

    def place(self, at: int) -> bytes:
        """Return the part of the table stream that the header names at this offset."""
        start, size = _numbers(self.main, at, 2, "I")
        return self.table[start : start + size]

    def headers(self) -> Iterator[tuple[int, int]]:
        """Yield the spans of headers and footers, six per section, after six separators of notes."""
        start, end = self.span(Story.HEADERS)
        for one, following in pairwise(_positions(self.place(_HEADERS), 0)):
            if start <= start + one <= start + following <= end:
                yield start + one, start + following

    def notes(self, story: Story) -> Iterator[tuple[int, int, int, str]]:
        """Yield the place in the body of each note of a story, the span of its text, and its author or ""."""
        at, size = _NOTES[story]
        references, (start, end) = self.place(at), self.span(story)
        places = _positions(references, size)
        authors = _names(self.place(_AUTHORS)) if story is Story.COMMENTS else []
        spans = pairwise(_positions(self.place(at + _NEXT), 0))
        for number, (place, (one, following)) in enumerate(zip(places[:-1], spans, strict=False)):
            author = ""
            if authors:
                (index,) = _numbers(references, len(places) * 4 + number * size + _AUTHOR_AT, 1, "H")
                author = authors[index] if index < len(authors) else ""
            if 0 <= one <= following <= end - start:
                yield place, start + one, start + following, author


class _Piece(NamedTuple):
    """A run of characters: its place in the text, its place in the stream, and the bytes of a character."""

    start: int
    end: int
    offset: int
    width: int


class Pieces:
    """The text and where each character of it is stored.

    Attributes:
        text: All stories one after the other, one character per UTF-16 unit.
    """

    def __init__(self, clx: bytes, main: bytes, max_chars: int) -> None:
        table = _piece_table(clx)
        positions = _positions(table, 8)
        if len(positions) < 2 or positions[-1] > max_chars:  # no piece
            kind, what = ("damaged", "no text") if len(positions) < 2 else ("too_large", "too much text")
            raise UnreadableError(kind, f"The table of the file has {what}. Save it again.")
        self._pieces: list[_Piece] = []
        texts: list[str] = []
        for number, (start, end) in enumerate(pairwise(positions)):
            (stored,) = _numbers(table, len(positions) * 4 + number * 8 + 2, 1, "I")
            width = 1 if stored & _COMPRESSED else 2
            offset = (stored & ~_COMPRESSED) // (2 if width == 1 else 1)
            data = main[offset : offset + (end - start) * width]
            if end < start or len(data) < (end - start) * width:
                raise UnreadableError("damaged", "The file is truncated: a part of its text is missing. Save it again.")
            texts.append(data.decode("cp1252", "replace") if width == 1 else _units(data))
            self._pieces.append(_Piece(start, end, offset, width))
        self.text = "".join(texts)
        self._starts = [piece.start for piece in self._pieces]

    def offset(self, place: int) -> int:
        """Return where the character at a place of the text is stored."""
        piece = self._pieces[max(bisect_right(self._starts, place) - 1, 0)]
        return piece.offset + (place - piece.start) * piece.width

    def places(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Yield the spans of the text that are stored between two offsets."""
        for piece in self._pieces:
            start = max(piece.start, piece.start + -(-(first - piece.offset) // piece.width))
            end = min(piece.end, piece.start + -(-(last - piece.offset) // piece.width))
            if start < end:
                yield start, end


@dataclass(frozen=True, slots=True)
class ParagraphFormat:
    """What matters of a paragraph's format. `level` is 0 if it is not a heading."""

    level: int = 0
    in_table: bool = False
    ends_row: bool = False
    ends_cell: bool = False
    in_list: bool = False


class Formats:
    """The formats of paragraphs and characters."""

    def __init__(self, parts: WordParts, pieces: Pieces) -> None:
        self._pieces = pieces
        runs = sorted(_runs(parts, _PARAGRAPH_PAGES, 13), key=lambda run: run[0])
        self._starts = [run[0] for run in runs]
        self._paragraphs = [run[2] for run in runs]
        self._characters = _runs(parts, _CHAR_PAGES, 1)

    def paragraph(self, place: int) -> ParagraphFormat:
        """Return the format of the paragraph that ends at a place of the text."""
        index = bisect_right(self._starts, self._pieces.offset(place)) - 1
        return _paragraph_format(self._paragraphs[index]) if index >= 0 else ParagraphFormat()

    def unseen(self) -> list[tuple[int, int, str]]:
        """Return the spans that are hidden or that were deleted with changes tracked, in order."""
        found: list[tuple[int, int, str]] = []
        for first, last, format_ in self._characters:
            changes = {sprm: operand for sprm, operand in _changes(format_) if sprm in {_DELETED, _HIDDEN}}
            part = next(
                (words for sprm, words in _UNSEEN.items() if changes.get(sprm, b"\0")[:1] in {b"\1", b"\x81"}), ""
            )
            if part:
                found += [(start, end, part) for start, end in self._pieces.places(first, last)]
        return sorted(found)


_UNSEEN = {_DELETED: "deleted text", _HIDDEN: "hidden text"}


def _paragraph_format(data: bytes) -> ParagraphFormat:
    """Return what a style number and the changes after it say."""
    style = int.from_bytes(data[:2], "little")
    changes = dict(_changes(data[2:]))
    level = style if style in _HEADING_STYLES else 0
    if outline := changes.get(_LEVEL):
        level = outline[0] + 1 if outline[0] < _BODY_LEVEL else 0
    return ParagraphFormat(
        level,
        in_table=_is_on(changes, _IN_TABLE),
        ends_row=_is_on(changes, _ENDS_ROW),
        ends_cell=_is_on(changes, _ENDS_CELL),
        in_list=any(changes.get(_LIST, b"")),
    )


def _is_on(changes: dict[int, bytes], sprm: int) -> bool:
    return any(changes.get(sprm, b""))


def _changes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the property changes (Prl) of a group: their codes and operands."""
    at = 0
    while at + 2 <= len(data):
        sprm = int.from_bytes(data[at : at + 2], "little")
        at += 2
        if sprm in _LONG_OPERANDS:
            size = int.from_bytes(data[at : at + 2], "little") + 1
        elif (size := _OPERAND_BYTES.get(sprm >> 13, 0)) == 0:
            size = 1 + (data[at] if at < len(data) else 0)
            if sprm == _TABS and size == 256:  # its length is in its parts, and nothing follows
                return
        yield sprm, data[at : at + size]
        at += size


def _runs(parts: WordParts, at: int, entry: int) -> list[tuple[int, int, bytes]]:
    """Return the runs of the formatted pages that a table names: first and last offset, format.

    Args:
        parts: The file.
        at: Place of the table in the header.
        entry: Bytes per run in a page: 1 for characters, 13 for paragraphs.
    """
    table = parts.place(at)
    positions = _positions(table, 4)
    numbers = _numbers(table, len(positions) * 4, max(len(positions) - 1, 0), "I")
    found: list[tuple[int, int, bytes]] = []
    for number in dict.fromkeys(number & _PAGE_NUMBER for number in numbers):
        page = parts.main[number * _PAGE : (number + 1) * _PAGE]
        if len(page) < _PAGE:
            continue
        count = min(page[-1], (_PAGE - 1 - 4) // (4 + entry))
        offsets = struct.unpack_from(f"<{count + 1}I", page)
        for run in range(count):
            start = page[(count + 1) * 4 + run * entry] * 2
            size = page[start] if start else 0
            if entry == 1:
                data = page[start + 1 : start + 1 + size]
            elif size:
                data = page[start + 1 : start + size * 2]
            else:
                data = page[start + 2 : start + 2 + page[start + 1] * 2] if start else b""
            found.append((offsets[run], offsets[run + 1], data))
    return found


def _piece_table(clx: bytes) -> bytes:
    at = 0
    while clx[at : at + 1] == b"\1":  # changes that pieces refer to
        at += 3 + int.from_bytes(clx[at + 1 : at + 3], "little")
    if clx[at : at + 1] != b"\2":
        raise UnreadableError("damaged", "The file lacks the table of its text: it is damaged. Save it again.")
    return clx[at + 5 : at + 5 + int.from_bytes(clx[at + 1 : at + 5], "little")]


def _positions(table: bytes, size: int) -> tuple[int, ...]:
    """Return the positions of a PLC whose data elements have this size."""
    return _numbers(table, 0, max((len(table) - 4) // (4 + size) + 1, 0), "i") if len(table) >= 4 else ()


def _names(table: bytes) -> list[str]:
    found: list[str] = []
    at = 0
    while at + 2 <= len(table):
        end = at + 2 + 2 * int.from_bytes(table[at : at + 2], "little")
        found.append(single_line(normalise(table[at + 2 : end].decode("utf-16-le", "replace"))))
        at = end
    return found


def _units(data: bytes) -> str:
    return "".join(map(chr, struct.unpack_from(f"<{len(data) // 2}H", data)))


def _numbers(data: bytes, at: int, count: int, kind: str) -> tuple[int, ...]:
    try:
        return struct.unpack_from(f"<{count}{kind}", data, at)
    except struct.error:
        raise UnreadableError("damaged", "The file is truncated: a part of it is missing. Save it again.") from None
