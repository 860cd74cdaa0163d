"""PowerPoint files of 1997 to 2003 (.ppt, MS-PPT) to Markdown. Runs only in the worker process."""

import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from xnai_pipelines.documents.parsers.markup.paged import check_size, paged_content
from xnai_pipelines.documents.parsers.office97.ole import compound_file
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Content
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.errors import UnreadableError

_CONTAINER = 0xF
_MAX_DEPTH = 50
_MAX_EDITS = 10_000
_DOCUMENT, _SLIDE_ATOM, _LIST = 1000, 1007, 4080
_PERSIST, _HEADER, _CHARS, _BYTES, _OUTLINE, _USER_EDIT, _DIRECTORY = 1011, 3999, 4000, 4008, 3998, 4085, 6002
_SHAPE = 0xF00A
_PICTURE = 75
_TAG_DATA, _COMMENT, _STRING = 5003, 12000, 4026
_AUTHOR, _WORDS = 0, 1
_ENCRYPTED = 0xF3D1C4DF
_SLIDES, _NOTES_LIST = 0, 2
_TITLES, _SPOKEN, _OTHER = {0, 6}, 2, 4


class _Record(NamedTuple):
    """A record: its kind, the number in its header, and where its content begins and ends."""

    kind: int
    instance: int
    start: int
    end: int
    is_container: bool


class _Text(NamedTuple):
    """A text of a slide and what it is: a title, a body, notes."""

    kind: int
    words: str


def parse_ppt(data: bytes, stem: str, max_chars: int) -> Content:
    """Return a presentation as Markdown, one page per slide ("slide 3"): title, texts, notes.

    Raises:
        MissingExtraError: The extra `office` is not installed.
        UnreadableError: "encrypted", "damaged", "unsupported" for a file from before 1997, "too_large", "no_text".
    """
    with compound_file(data, "A presentation from before 2007") as file:
        stream, user = file.stream("PowerPoint Document"), file.stream("Current User")
        title = file.title()
        objects = file.has("PP40")
    if stream is None:
        if objects:
            raise UnreadableError("unsupported", "The file is of PowerPoint 95 or older. Save it as .pptx.")
        raise UnreadableError("damaged", "The file has no slides: it is damaged or another kind of Office file.")
    reader = PptReader(stream, user or b"")
    slides: list[tuple[str, str]] = []
    total = 0
    for number, text in enumerate(reader.slides(), 1):
        total += len(text)
        check_size(total, max_chars)
        slides.append((f"slide {number}", normalise(text)))
    return replace(paged_content(title, stem, slides), omissions=reader.omitted.listed())


class PptReader:
    """Reads the slides of one file.

    Attributes:
        omitted: What the text does not carry.
    """

    def __init__(self, stream: bytes, user: bytes) -> None:
        self.omitted = Omitted()
        self._stream = stream
        if len(user) >= 16 and self._number(user, 12) == _ENCRYPTED:
            raise UnreadableError("encrypted", "The file needs a password. Save it without one.")
        self._places, document = self._directory(self._number(user, 16) if len(user) >= 20 else None)
        found = self._at(self._places.get(document, -1))
        if found is None or found.kind != _DOCUMENT:
            raise UnreadableError("damaged", "The file lacks the list of its slides: it is damaged. Save it again.")
        self._lists = {record.instance: record for record in self._children(found) if record.kind == _LIST}

    def slides(self) -> Iterator[str]:
        """Yield the Markdown of each slide."""
        notes = {identity: place for place, identity, _ in self._listed(_NOTES_LIST)}
        for place, _, outline in self._listed(_SLIDES):
            slide = self._at(self._places.get(place, -1))
            texts = list(self._texts(slide, outline)) if slide else outline
            spoken: list[_Text] = []
            if slide and (about := self._notes_of(slide, notes)):
                spoken = [text for text in self._texts(about, []) if text.kind == _SPOKEN]
            yield "\n\n".join(_blocks(texts, spoken))

    def _directory(self, at: int | None) -> tuple[dict[int, int], int]:
        """Return where each persistent object is, newest first, and the number of the document."""
        places: dict[int, int] = {}
        document = -1
        seen: set[int] = set()
        while at is not None and at not in seen and len(seen) < _MAX_EDITS:
            seen.add(at)
            edit = self._at(at)
            if edit is None or edit.kind != _USER_EDIT or edit.end - edit.start < 20:
                break
            before, directory, number = struct.unpack_from("<III", self._stream, edit.start + 8)
            document = number if document < 0 else document
            if table := self._at(directory):
                for key, place in self._entries(table):
                    places.setdefault(key, place)
            at = before or None
        return places, document

    def _entries(self, table: _Record) -> Iterator[tuple[int, int]]:
        at = table.start
        while table.kind == _DIRECTORY and at + 4 <= table.end:
            head = self._number(self._stream, at)
            first, count = head & 0xFFFFF, head >> 20
            at += 4
            for number in range(min(count, (table.end - at) // 4)):
                yield first + number, self._number(self._stream, at + number * 4)
            at += count * 4

    def _listed(self, which: int) -> Iterator[tuple[int, int, list[_Text]]]:
        """Yield the number in the directory, the id and the outline texts of each slide of a list."""
        entry: tuple[int, int, list[_Text]] | None = None
        kind = 1
        for record in self._children(self._lists.get(which)):
            if record.kind == _PERSIST and record.end - record.start >= 16:
                if entry:
                    yield entry
                place, _, _, identity = struct.unpack_from("<IIII", self._stream, record.start)
                entry = (place, identity, [])
            elif record.kind == _HEADER:
                kind = self._header(record)
            elif (words := self._words(record)) is not None and entry:
                entry[2].append(_Text(kind, words))
        if entry:
            yield entry

    def _notes_of(self, slide: _Record, notes: dict[int, int]) -> _Record | None:
        for record in self._children(slide):
            if record.kind == _SLIDE_ATOM and record.end - record.start >= 20:
                identity = self._number(self._stream, record.start + 16)
                return self._at(self._places.get(notes.get(identity, -1), -1)) if identity else None
        return None

    def _texts(self, slide: _Record, outline: list[_Text]) -> Iterator[_Text]:
        """Yield the texts of the shapes in order. A text that is in the outline is referred to by its number."""
        kind = _OTHER
        used: set[int] = set()
        for record in self._all(slide):
            if record.kind == _HEADER:
                kind = self._header(record)
            elif record.kind == _SHAPE and record.instance == _PICTURE:
                self.omitted.add("picture")
            elif record.kind == _OUTLINE and record.end - record.start >= 4:
                number = self._number(self._stream, record.start)
                if number < len(outline):
                    used.add(number)
                    yield outline[number]
            elif record.kind == _COMMENT:
                yield _Text(_OTHER, self._comment(record))
            elif (words := self._words(record)) is not None:
                yield _Text(kind, words)
                kind = _OTHER
        yield from (text for number, text in enumerate(outline) if number not in used)

    def _words(self, record: _Record) -> str | None:
        content = self._stream[record.start : record.end]
        if record.kind == _CHARS:
            return content.decode("utf-16-le", "replace")
        return content.decode("latin-1") if record.kind == _BYTES else None

    def _comment(self, record: _Record) -> str:
        strings = {
            child.instance: self._stream[child.start : child.end].decode("utf-16-le", "replace")
            for child in self._children(record)
            if child.kind == _STRING
        }
        author = single_line(strings.get(_AUTHOR, ""))
        return f"Comment{f' ({author})' if author else ''}: {strings.get(_WORDS, '')}"

    def _header(self, record: _Record) -> int:
        return self._number(self._stream, record.start) if record.end - record.start >= 4 else _OTHER

    def _all(self, record: _Record, depth: int = 0) -> Iterator[_Record]:
        for child in self._children(record):
            yield child
            if (child.is_container or child.kind == _TAG_DATA) and depth < _MAX_DEPTH:
                yield from self._all(child, depth + 1)

    def _children(self, record: _Record | None) -> Iterator[_Record]:
        at, end = (record.start, record.end) if record else (0, 0)
        while at + 8 <= end and (child := self._at(at)) is not None:
            yield child._replace(end=min(child.end, end))
            at = child.end

    def _at(self, at: int) -> _Record | None:
        try:
            version, kind, size = struct.unpack_from("<HHI", self._stream, at) if at >= 0 else (0, 0, 0)
        except struct.error:
            return None
        is_container = version & 0xF == _CONTAINER
        return (
            _Record(kind, version >> 4, at + 8, min(at + 8 + size, len(self._stream)), is_container)
            if at >= 0
            else None
        )

    def _number(self, data: bytes, at: int) -> int:
        return int.from_bytes(data[at : at + 4], "little")


def _blocks(texts: list[_Text], spoken: list[_Text]) -> Iterator[str]:
    titles = [text for text in texts if text.kind in _TITLES and text.words.strip()]
    if titles:
        yield f"# {' '.join(titles[0].words.split())}"
    for text in texts:
        if text not in titles[:1]:
            yield from _paragraphs(text.words)
    words = "\n".join(paragraph for text in spoken for paragraph in _paragraphs(text.words))
    if words:
        yield f"Notes: {words}"


def _paragraphs(words: str) -> list[str]:
    return [line for part in words.split("\r") if (line := part.replace("\v", "\n").strip()) and line != "*"]
