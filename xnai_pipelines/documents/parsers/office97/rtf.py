"""Rich Text Format (RTF 1.9.1) to Markdown. Runs only in the worker process."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from xnai_pipelines.documents.parsers.link_targets import target_beside, target_of_field
from xnai_pipelines.documents.parsers.margins import is_page_number
from xnai_pipelines.documents.parsers.markup.paged import check_size, paged_content
from xnai_pipelines.documents.parsers.office97.rtf_words import (
    CHARACTERS,
    CONTAINERS,
    FONT_ENCODINGS,
    PARTS_BESIDE,
    SKIPPED,
    style_level,
)
from xnai_pipelines.documents.parsers.office97.written import TextBuilder
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Content
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line

_TOKEN = re.compile(
    rb"\\([A-Za-z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z'])|([{}])|([^\\{}]+)|\\",
    re.DOTALL,
)
_MAX_DEPTH = 10_000
_NO_LEVEL = 9


@dataclass(slots=True)
class _Group:
    """The state that a closing brace restores.

    Attributes:
        written: Where text goes, None if it is skipped.
        kind: Name of the destination, "" for text.
        encoding: Codec of bytes, by the font.
        fallback: Characters after a Unicode character that repeat it for old readers.
        hidden, deleted: Whether the text is not shown, or was deleted with changes tracked.
        starred: Whether an unknown destination is to be skipped.
        target: Address of the link that the field shows.
    """

    written: TextBuilder | None
    kind: str = ""
    encoding: str = "cp1252"
    fallback: int = 1
    hidden: bool = False
    deleted: bool = False
    starred: bool = False
    target: str = ""


def parse_rtf(data: bytes, stem: str, max_chars: int) -> Content:
    """Return a text as Markdown: headings by style or outline level, lists, tables.

    Footnotes and comments follow their paragraph; headers and footers follow the body.

    Raises:
        UnreadableError: "too_large", "too_deep", "no_text".
    """
    reader = RtfReader(max_chars)
    body = reader.read(data)
    content = paged_content(reader.title, stem, [("", normalise(text)) for text in (body, *reader.beside)])
    return replace(content, omissions=reader.omitted.listed())


class RtfReader:
    """Reads one RTF text.

    Attributes:
        title: Title in the properties, "" without one.
        beside: Headers and footers.
        omitted: What the text does not carry.
    """

    def __init__(self, max_chars: int) -> None:
        self.title = ""
        self.beside: list[str] = []
        self.omitted = Omitted()
        self._max_chars = max_chars
        self._body = TextBuilder()
        self._group = _Group(self._body)
        self._outer: list[_Group] = []
        self._ansi = "cp1252"
        self._fonts: dict[int, str] = {}
        self._font = 0  # being defined
        self._levels: dict[int, int] = {}
        self._style = 0  # being defined
        self._bytes = bytearray()
        self._collected: list[str] = []  # text of a destination that is not written: a font's name, the title
        self._skip = 0  # characters left that repeat a Unicode character
        self._author = ""
        self._property = ""

    def read(self, data: bytes) -> str:
        """Return the body as Markdown."""
        at = 0
        while token := _TOKEN.match(data, at):
            at = token.end()
            word, number, code, sign, brace, text = token.groups()
            if text is not None:
                self._put_bytes(text.translate(None, b"\r\n"))
            elif code is not None:
                self._put_bytes(bytes.fromhex(code.decode()))
            elif brace == b"{":
                self._open()
            elif brace == b"}":
                self._close()
            elif sign is not None:
                self._sign(sign)
            elif word is not None:
                name, value = word.decode(), int(number) if number else None
                if name == "bin":
                    at += max(value or 0, 0)
                else:
                    self._word(name, value)
        self._flush()
        if self._outer:
            self.omitted.add("end of the text: the file is truncated")
        while self._outer:
            self._close()
        return self._body.markdown()

    def _open(self) -> None:
        self._flush()
        self._outer.append(self._group)
        if len(self._outer) > _MAX_DEPTH:
            raise RecursionError
        self._group = replace(self._group, starred=False)

    def _close(self) -> None:
        self._flush()
        if not self._outer:
            return
        closed, self._group = self._group, self._outer.pop()
        if closed.target != self._group.target and self._group.written is not None:
            self._put(target_beside(self._group.written.last_words, closed.target))
        if closed.kind != self._group.kind:
            self._end(closed)
        elif closed.kind == "stylesheet":
            self._end_style()

    def _end(self, closed: _Group) -> None:
        """Use what a destination collected."""
        words = " ".join("".join(self._collected).split())
        if closed.kind in PARTS_BESIDE and closed.written is not None:
            self._end_part(closed.kind, closed.written)
        elif closed.kind == "title":
            self.title = single_line(normalise(words))
        elif closed.kind == "fldinst":
            self._group.target = target_of_field(words)
        elif closed.kind == "atnauthor":
            self._author = words
        elif closed.kind in {"listtext", "pntext"} and self._group.written is not None:
            self._group.written.mark = words
        elif closed.kind == "sn":
            self._property = words
        elif closed.kind == "sv" and self._property == "wzDescription":
            (self._group.written or self._body).after.append(words)
        self._collected = []

    def _end_part(self, kind: str, written: TextBuilder) -> None:
        text = written.markdown()
        if not text:
            return
        label = PARTS_BESIDE[kind]
        if label in {"Header", "Footer"}:
            line = f"{label}: {text}"
            if line not in self.beside and not is_page_number(text):
                self.beside.append(line)
        elif (outer := self._group.written) is not None:
            author = f" ({normalise(self._author)})" if label == "Comment" and self._author else ""
            outer.after.append(f"{label}{author}: {text}" if label else text)

    def _end_style(self) -> None:
        name = "".join(self._collected).strip().rstrip(";")
        if (level := style_level(name)) is not None:
            self._levels.setdefault(self._style, level)
        self._collected = []

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self._group.starred = True
        elif sign in b"\\{}":
            self._put_bytes(sign)
        elif sign == b"~":
            self._put("\u00a0")
        elif sign == b"_":
            self._put("-")
        elif sign in b"\r\n":
            self._word("par", None)

    def _word(self, name: str, value: int | None) -> None:
        self._flush()
        group = self._group
        if name in SKIPPED or (group.starred and name not in CONTAINERS and name not in PARTS_BESIDE):
            self._enter_skipped(name)
        elif name in PARTS_BESIDE:
            group.kind, group.written = name, TextBuilder()
        elif name == "ud":  # what a group that is skipped for its sake says in Unicode
            group.written = next((outer.written for outer in reversed(self._outer) if outer.written), None)
        elif group.kind == "stylesheet" and name in {"s", "outlinelevel"}:
            self._style_word(name, value or 0)
        elif name == "u":
            self._put(chr((value or 0) % 0x10000))
            self._skip = group.fallback
        elif name in CHARACTERS:
            self._put(CHARACTERS[name])
        elif name in _STATES:
            _STATES[name](self, value)
        elif group.written is not None:
            self._paragraph_word(group.written, name, value)
        group.starred = False

    def _style_word(self, name: str, value: int) -> None:
        if name == "s":
            self._style = value
        elif value < _NO_LEVEL:
            self._levels[self._style] = value + 1

    def _enter_skipped(self, name: str) -> None:
        group = self._group
        part = SKIPPED.get(name)
        if part and group.written is not None:
            self.omitted.add(part)
        group.kind, group.written = name, None
        self._collected = []

    def _paragraph_word(self, written: TextBuilder, name: str, value: int | None) -> None:
        if name in {"par", "sect", "page"}:
            written.end_paragraph()
            check_size(self._body.chars, self._max_chars)
        elif name == "pard":
            written.reset()
        elif name == "s":
            written.level = self._levels.get(value or 0, 0)
        elif name == "outlinelevel":
            written.level = (value or 0) + 1 if (value or 0) < _NO_LEVEL else 0
        elif name == "intbl":
            written.in_table = True
        elif name in {"cell", "nestcell"}:
            written.end_cell(nested=name == "nestcell")
        elif name == "row":
            written.end_row()
            check_size(self._body.chars, self._max_chars)

    def _set_font(self, value: int | None) -> None:
        if self._group.kind == "fonttbl":
            self._font = value or 0
        else:
            self._group.encoding = self._fonts.get(value or 0, self._ansi)

    def _set_charset(self, value: int | None) -> None:
        self._fonts[self._font] = FONT_ENCODINGS.get(value or 0, self._ansi)

    def _set_codepage(self, value: int | None) -> None:
        self._ansi = self._group.encoding = _known_codec(f"cp{value}") or self._ansi

    def _set_mac(self, _: int | None) -> None:
        self._ansi = self._group.encoding = "mac_roman"

    def _set_fallback(self, value: int | None) -> None:
        self._group.fallback = max(value or 0, 0)

    def _set_hidden(self, value: int | None) -> None:
        self._group.hidden = value != 0

    def _set_deleted(self, value: int | None) -> None:
        self._group.deleted = value != 0

    def _set_plain(self, _: int | None) -> None:
        self._group.hidden = self._group.deleted = False
        self._group.encoding = self._ansi

    def _put_bytes(self, data: bytes) -> None:
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        group = self._group
        if group.written is not None or group.kind in _COLLECTED:
            self._bytes += data

    def _flush(self) -> None:
        if self._bytes:
            data, self._bytes = bytes(self._bytes), bytearray()
            self._put(data.decode(self._group.encoding, "replace"))
        self._skip = 0

    def _put(self, text: str) -> None:
        if self._bytes:
            self._flush()
        group = self._group
        if group.written is None:
            if group.kind in _COLLECTED:
                self._collected.append(text)
        elif group.deleted:
            self.omitted.add("deleted text", text)
        elif group.hidden:
            self.omitted.add("hidden text", text)
        else:
            group.written.put(text)


_COLLECTED = {"title", "fldinst", "atnauthor", "listtext", "pntext", "sn", "sv", "stylesheet"}
_STATES: dict[str, Callable[[RtfReader, int | None], None]] = {
    "f": RtfReader._set_font,
    "fcharset": RtfReader._set_charset,
    "ansicpg": RtfReader._set_codepage,
    "mac": RtfReader._set_mac,
    "uc": RtfReader._set_fallback,
    "v": RtfReader._set_hidden,
    "deleted": RtfReader._set_deleted,
    "plain": RtfReader._set_plain,
}


def _known_codec(name: str) -> str | None:
    try:
        "".encode(name)
    except LookupError:
        return None
    return name
