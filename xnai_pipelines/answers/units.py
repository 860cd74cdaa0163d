"""The shortest parts of a text that can answer: a sentence, a list item, a table row, a block of code. Pure."""

import re
from collections.abc import Iterator
from itertools import pairwise

from xnai_pipelines.chunks.boundaries import sentence_starts

LONGEST = 800  # characters; a longer sentence or line is cut at white space

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^[ \t]*\|[^\n]*$", re.MULTILINE)
_RULE = re.compile(r"[\s|:+=-]+")  # the line under a table's heading
_HEADING = re.compile(r"#{1,6}[ \t][^\n]*")


def units(text: str) -> list[tuple[int, int]]:
    """Return the start and end of each unit, in order. Headings and lines without a letter or digit are none."""
    found: list[tuple[int, int]] = []
    at = 0
    for start, end in _blocks(text):
        found += _sentences(text, at, start)
        found.append((start, end))
        at = end
    found += _sentences(text, at, len(text))
    trimmed = (_trimmed(text, start, end) for start, end in found)
    return [(start, end) for start, end in trimmed if start < end and _says_something(text[start:end])]


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of code blocks and table rows, in order."""
    at = 0
    for fence in [*(match.span() for match in _FENCE.finditer(text)), (len(text), len(text))]:
        yield from (match.span() for match in _ROW.finditer(text, at, fence[0]))
        if fence[0] < fence[1]:
            yield fence
        at = fence[1]


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    edges = [start, *sentence_starts(text, start, end), end]
    for first, last in pairwise(edges):
        heading = _HEADING.match(text, first, last)
        yield from _pieces(text, heading.end() if heading else first, last)


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > LONGEST:
        cut = max(text.rfind(mark, start + LONGEST // 2, start + LONGEST) for mark in "\n ")
        cut = cut if cut > start else start + LONGEST
        yield start, cut
        start = cut
    yield start, end


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), start + len(part.rstrip())


def _says_something(text: str) -> bool:
    return not _RULE.fullmatch(text) and any(map(str.isalnum, text))
