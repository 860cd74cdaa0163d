"""Word files of 1997 to 2003 (.doc, MS-DOC) to Markdown. Runs only in the worker process."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from xnai_pipelines.documents.parsers.link_targets import target_beside, target_of_field
from xnai_pipelines.documents.parsers.margins import is_page_number
from xnai_pipelines.documents.parsers.markup.paged import check_size, paged_content
from xnai_pipelines.documents.parsers.office97.ole import CompoundFile, compound_file
from xnai_pipelines.documents.parsers.office97.word_parts import Formats, Pieces, Story, WordParts
from xnai_pipelines.documents.parsers.office97.written import TextBuilder
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Content
from xnai_pipelines.documents.parsers.text.normalise import normalise
from xnai_pipelines.errors import UnreadableError

_SPECIAL = re.compile("[\x01-\x08\x0b-\x0e\x13-\x15\x1e\x1f]")
_UNSEEN = "\0"
_HEADER_STORIES = 6  # of each section, after as many separators of notes
_FOOTERS = {2, 3, 5}


def parse_doc(data: bytes, stem: str, max_chars: int) -> Content:
    """Return a Word file as Markdown: headings, tables, lists. Notes and comments follow their paragraph.

    Text boxes, headers and footers follow the body.

    Raises:
        MissingExtraError: The extra `office` is not installed.
        UnreadableError: "encrypted", "damaged", "unsupported" for a file from before 1997, "too_large", "no_text".
    """
    with compound_file(data, "A Word file from before 2007") as file:
        reader = DocReader(_parts(file), max_chars)
        title = file.title()
        file.count_unread(reader.omitted)
    body, *beside = reader.texts()
    content = paged_content(title, stem, [("", normalise(text)) for text in (body, *beside)])
    return replace(content, omissions=reader.omitted.listed())


def _parts(file: CompoundFile) -> WordParts:
    main = file.stream("WordDocument")
    if main is None:
        raise UnreadableError("damaged", "The file has no Word text: it is damaged or another kind of Office file.")
    return WordParts.of(main, file.stream)


@dataclass(slots=True)
class _Field:
    """A field that is being read: where its instruction begins, whether its result has begun, where it links to."""

    start: int
    is_result: bool = False
    target: str = ""


class DocReader:
    """Reads the stories of one file.

    Attributes:
        omitted: What the text does not carry.
    """

    def __init__(self, parts: WordParts, max_chars: int) -> None:
        self.omitted = Omitted()
        self._parts = parts
        pieces = Pieces(parts.clx(), parts.main, max_chars)
        self._formats = Formats(parts, pieces)
        self._text = self._shown(pieces.text)
        self._max_chars = max_chars

    def texts(self) -> list[str]:
        """Return the body, then text boxes, headers and footers that have words."""
        notes = [
            *self._notes(Story.FOOTNOTES, "Footnote"),
            *self._notes(Story.ENDNOTES, "Endnote"),
            *self._notes(Story.COMMENTS, "Comment"),
        ]
        start, end = self._parts.span(Story.BODY)
        body = self._markdown(start, end, sorted(notes))
        boxes = [self._markdown(*self._parts.span(story)) for story in (Story.BOXES, Story.HEADER_BOXES)]
        return [body, *filter(None, boxes), *self._headers()]

    def _shown(self, text: str) -> str:
        """Return the text with hidden and deleted characters as NUL, in their places."""
        pieces: list[str] = []
        at = 0
        for start, end, part in self._formats.unseen():
            if start < at:
                continue
            self.omitted.add(part, _SPECIAL.sub(" ", text[start:end]))
            pieces += [text[at:start], _UNSEEN * (end - start)]
            at = end
        return "".join([*pieces, text[at:]])

    def _notes(self, story: Story, label: str) -> Iterator[tuple[int, str]]:
        """Yield the notes of a story, each with the place in the body that it belongs to."""
        for place, start, end, author in self._parts.notes(story):
            if text := self._markdown(start, end):
                yield place, f"{label}{f' ({author})' if author else ''}: {text}"

    def _headers(self) -> list[str]:
        found: list[str] = []
        for number, (start, end) in enumerate(self._parts.headers()):
            if number >= _HEADER_STORIES and not is_page_number(text := self._markdown(start, end)):
                found.append(f"{'Footer' if number % _HEADER_STORIES in _FOOTERS else 'Header'}: {text}")
        return list(dict.fromkeys(found))

    def _markdown(self, start: int, end: int, notes: list[tuple[int, str]] | None = None) -> str:
        """Return a span of the text as Markdown, with the notes that belong to its paragraphs."""
        written = TextBuilder()
        waiting = list(reversed(notes or []))
        fields: list[_Field] = []  # those around, innermost last
        at = start
        for special in _SPECIAL.finditer(self._text, start, end):
            if all(field.is_result for field in fields):
                written.put(self._text[at : special.start()].replace(_UNSEEN, ""))
            at = special.end()
            sign = special.group()
            if sign == "\x13":
                fields.append(_Field(at))
            elif sign == "\x14" and fields:
                fields[-1].target = target_of_field(self._text[fields[-1].start : special.start()])
                fields[-1].is_result = True
            elif sign == "\x15" and fields:
                target = fields.pop().target
                if all(field.is_result for field in fields):
                    written.put(target_beside(written.last_words, target))
            elif sign in "\r\x07\x0c\x0e":
                while waiting and waiting[-1][0] < at:
                    written.after.append(waiting.pop()[1])
                self._end(written, sign, special.start())
            elif all(field.is_result for field in fields):
                self._put_sign(written, sign)
        written.put(self._text[at:end].replace(_UNSEEN, "") if all(field.is_result for field in fields) else "")
        written.after += [note for _, note in reversed(waiting)]
        return written.markdown()

    def _end(self, written: TextBuilder, sign: str, place: int) -> None:
        check_size(written.chars, self._max_chars)
        form = self._formats.paragraph(place)
        written.level, written.in_table = form.level, form.in_table
        written.mark = "-" if form.in_list and not form.level else ""
        if sign == "\x07" and form.ends_row:
            written.end_row()
        elif sign == "\x07" or form.ends_cell:
            written.end_cell(nested=sign != "\x07")
        else:
            written.end_paragraph()
        written.reset()

    def _put_sign(self, written: TextBuilder, sign: str) -> None:
        if sign == "\x0b":
            written.put("\n")
        elif sign == "\x1e":
            written.put("-")
        elif sign == "\x01":
            self.omitted.add("picture")
        elif sign == "\x08" and not self._parts.length(Story.BOXES):
            self.omitted.add("drawing")
