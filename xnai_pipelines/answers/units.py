"""The shortest parts of a text that can answer: a sentence, a list item, a table row, a block of code. Pure."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, pairwise
from typing import NamedTuple

from xnai_pipelines.answers.entries import MARK, entries
from xnai_pipelines.answers.leads import Range, leads
from xnai_pipelines.answers.table_rows import TableRow, names_said, table_rows
from xnai_pipelines.chunks.boundaries import sentence_starts

LONGEST = 800  # characters; a longer sentence or line is cut at white space

# A longer run of tildes is the line under a heading in reStructuredText.
_MARK = r"`{3,}|~{3,4}(?!~)"
# A fence, or the code of a directive of reStructuredText.
_CODE = re.compile(
    rf"^[ \t]*(?P<mark>{_MARK})[^\n]*\n.*?(?:^[ \t]*(?P=mark)[`~]*[ \t]*$|\Z)"
    r"|^(?P<indent>[ \t]*)\.\. (?:code|code-block|sourcecode)::.*?\n(?:[ \t]*\n)+"
    r"(?P<code>(?P=indent)[ \t]+\S.*?)(?=\n(?![ \t]*\n|(?P=indent)[ \t])|\Z)",
    re.MULTILINE | re.DOTALL,
)
_FENCE_LINE = re.compile(rf"^[ \t]*(?:{_MARK})[ \t]*(?P<language>[^\n]*)\n?", re.MULTILINE)
_FIELD = re.compile(r"^:?(?P<name>[^\W\d_][\w .-]{0,30}(?:\([^()\n]{0,40}\))?):[ \t]+(?=\S)", re.MULTILINE)
_GOES_ON = re.compile(r"[ \t]+\S")
_TITLE = re.compile(r"\s*(?:\*\*[^*\n]{1,80}\*\*\s*)?")
# A heading, the label above one, and the line of a directive that says nothing itself.
_HEADING = re.compile(
    r"\s*(?:#{1,6}[ \t][^\n]*|[^\n]+\n(?P<under>[=~^\"*+#'`:.-])(?P=under){2,}[ \t]*(?=\n|\Z)"
    r"|(?:\.\. )?_[^\n]*:[ \t]*(?=\n|\Z)|\.\. (?:[\w-]+::|(?:code|code-block|sourcecode)::[^\n]*)[ \t]*(?=\n|\Z))"
)
_HEADING_LINE = re.compile(r"^#{1,6}[ \t][^\n]*", re.MULTILINE)  # "## 2.1. Is it free?" has two sentences and is one


class Part(NamedTuple):
    """A part that can answer.

    Attributes:
        start: First character.
        end: Character after the last.
        names: Range of the row that names its columns if it is a row below one.
        leads: Ranges of what it is read with: the question of an FAQ, the line that leads to a list.
    """

    start: int
    end: int
    names: Range | None = None
    leads: tuple[Range, ...] = ()

    def read_with(self, text: str) -> list[Range]:
        """Return the ranges of all that gives the part its meaning; of column names those that it has a cell for."""
        if self.names is None:
            return list(self.leads)
        first, last = self.names
        said = names_said(text[self.start : self.end], text[first:last])
        return [*self.leads, *((first + start, first + end) for start, end in said)]


@lru_cache(maxsize=256)
def units(text: str) -> tuple[Part, ...]:
    """Return the parts of a text that can answer, in order; a passage is often asked again.

    Headings, rows of column names, what only leads to an answer, and lines without a letter or digit cannot.
    """
    found: list[Part] = []
    at = 0
    for block in _blocks(text):
        found += _sentences(text, at, block.start)
        if not isinstance(block, TableRow) or not block.is_heading:
            found.append(Part(block.start, block.end, block.names))
        at = block.end
    found += _sentences(text, at, len(text))
    trimmed = (_trimmed(text, part) for part in found)
    said = [part for part in trimmed if part.start < part.end and any(map(str.isalnum, text[part.start : part.end]))]
    above = leads(text, [(part.start, part.end) for part in said])
    return tuple(part._replace(leads=ranges) for part, ranges in zip(said, above, strict=True) if ranges is not None)


def _blocks(text: str) -> Iterator[Part | TableRow]:
    """Yield code blocks, table rows and table headings, in order."""
    at = _end_of_code_before(text)
    if at:
        yield Part(0, at)
    for code in _CODE.finditer(text, at):
        yield from table_rows(text, at, code.start())
        yield Part(*code.span("code" if code["code"] else 0))
        at = code.end()
    yield from table_rows(text, at, len(text))


def _end_of_code_before(text: str) -> int:
    """Return where the code ends that began before the text, as in a passage cut from a long block; 0 if none did.

    A first fence without a language ends code if the next fence names one, or if it stands right below a line and
    above a blank one or the end.
    """
    fences = list(islice(_FENCE_LINE.finditer(text), 2))
    if not fences or fences[0]["language"]:
        return 0
    start, end = fences[0].span()
    names_next = len(fences) > 1 and bool(fences[1]["language"])
    below_code = bool(text[:start].strip()) and not text[:start].endswith("\n\n")
    return end if names_next or (below_code and text[end : end + 1] in ("", "\n")) else 0


def said_of(text: str) -> str:
    """Return what a field such as `Subject: Outage` says; a text that is none of these as it is."""
    field = _FIELD.match(text)
    return text[field.end() :] if field else text


def _sentences(text: str, start: int, end: int) -> Iterator[Part]:
    lines = [match.span() for match in _HEADING_LINE.finditer(text, start, end)]
    inside = [entry for entry in entries(text) if start <= entry.terms[0] < end]
    lines += [(entry.terms[0], entry.start) for entry in inside]
    starts = (at for at in sentence_starts(text, start, end) if not any(first < at < last for first, last in lines))
    edges = sorted({start, *starts, *(edge for entry in inside for edge in (*entry.terms, entry.start)), end})
    for first, last in pairwise(edges):
        heading = _HEADING.match(text, first, last)
        for begin, until in _fields(text, heading.end() if heading else first, last):
            yield from _pieces(text, begin, until)


def _fields(text: str, start: int, end: int) -> Iterator[Range]:
    """Yield the fields of a record, as above an e-mail, or the terms of a list; what is none is yielded whole.

    A line that is indented goes on with the one above, and a record may have a title in bold.
    """
    fields = [match.start() for match in _FIELD.finditer(text, start, end)]
    is_record = (
        len(fields) > 1
        and _TITLE.fullmatch(text, start, fields[0])
        and all(_FIELD.match(line) or _GOES_ON.match(line) for line in text[fields[0] : end].strip().splitlines())
    )
    yield from pairwise(sorted({start, *fields, end})) if is_record else [(start, end)]


def _pieces(text: str, start: int, end: int) -> Iterator[Part]:
    while end - start > LONGEST:
        cut = max(text.rfind(mark, start + LONGEST // 2, start + LONGEST) for mark in "\n ")
        cut = cut if cut > start else start + LONGEST
        yield Part(start, cut)
        start = cut
    yield Part(start, end)


def _trimmed(text: str, part: Part) -> Part:
    """Return a part without white space around it, or the mark of a paragraph that says what a term means."""
    said = text[part.start : part.end]
    start = part.start + len(said) - len(said.lstrip())
    end = part.start + len(said.rstrip())
    marked = MARK.match(text, start, end) if text[start - 1 : start] in ("", "\n") else None
    return Part(marked.end() if marked else start, end, part.names)
