"""The entries of definition lists in a text: terms on lines of their own, and what they mean below. Pure.

    -q
    --quiet
    : Print nothing.

    : Errors are still printed.

is an entry of two terms and two paragraphs, as in Markdown. Parsers write lists of other formats in this form.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from xnai_pipelines.answers.items import FENCE, LIST_MARK

MARK = re.compile(r":[ \t]+(?=\S)")
_MOST_TERMS = 8  # of an entry
_LONGEST_TERM = 200  # characters of its line
_HEADING = re.compile(r"#{1,6}[ \t]")
_INNER = re.compile(rf"[ \t]+\S|{LIST_MARK}[ \t]|\|")  # what is below a paragraph of an entry and belongs to it


class Entry(NamedTuple):
    """An entry: the range of its terms, where its text starts, and where it ends."""

    terms: tuple[int, int]
    start: int
    end: int


@lru_cache(maxsize=256)
def entries(text: str) -> tuple[Entry, ...]:
    """Return the entries of a text in order.

    Lists, tables, code and indented lines below a paragraph of an entry belong to it; other paragraphs and headings
    end it.
    """
    reader = _Reader()
    at = 0
    for line in text.splitlines(keepends=True):
        reader.read(at, line)
        at += len(line)
    return tuple(reader.closed(at))


def entry_at(text: str, at: int) -> Entry | None:
    """Return the entry that a place in a text is in, None if it is in none."""
    found = entries(text)
    here = bisect_right(found, at, key=lambda entry: entry.terms[0]) - 1
    return found[here] if here >= 0 and at < found[here].end else None


@dataclass(slots=True)
class _Reader:
    """What the lines so far leave for the next one."""

    found: list[Entry] = field(default_factory=list)
    is_open: bool = False  # whether the last entry goes on
    terms: list[tuple[int, int]] = field(default_factory=list)  # lines of the paragraph above that may be terms
    after_blank: bool = True
    fenced: bool = False

    def read(self, at: int, line: str) -> None:
        """Take the next line, which starts at a place."""
        if not line.strip():
            self.after_blank = True
            if self.is_open:  # what stood below a paragraph of the entry went on with it
                self.terms = []
            return
        is_fence = FENCE.match(line) is not None
        mark = None if self.fenced or is_fence else MARK.match(line)
        if mark:
            self._explain(at, at + mark.end())
        elif self.fenced or is_fence or _INNER.match(line):
            self.terms = []
        else:
            self._take(at, line)
        self.fenced ^= is_fence
        self.after_blank = False

    def _explain(self, at: int, start: int) -> None:
        if self.terms and len(self.terms) <= _MOST_TERMS:
            self._close(self.terms[0][0])
            self.found.append(Entry((self.terms[0][0], self.terms[-1][1]), start, start))
            self.is_open = True
        self.terms = []

    def _take(self, at: int, line: str) -> None:
        """Take a line that may be a term, or end an entry."""
        is_heading = _HEADING.match(line) is not None
        if self.after_blank:
            self.terms = []
        if self.after_blank or is_heading:
            self._close(at)
        if is_heading or len(line) > _LONGEST_TERM:
            self.terms = []
        elif self.after_blank or self.terms or self.is_open:
            self.terms.append((at, at + len(line.rstrip())))

    def _close(self, at: int) -> None:
        if self.is_open:
            self.found[-1] = self.found[-1]._replace(end=at)
        self.is_open = False

    def closed(self, end: int) -> list[Entry]:
        """Return the entries, the last one closed at the end of the text."""
        self._close(end)
        return self.found
