"""Measures spans of a text in units, and tells where the text may be cut."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.chunks.boundaries import grapheme_interiors
from xnai_pipelines.chunks.tokens import TokenMap

# One [UNK] token can be a megabyte of text, and white space has no token. To bound a chunk in characters too, each
# span of this length counts as a token: a chunk has at most size_tokens times this many characters.
CHARACTERS_PER_UNIT = 32


class Ruler:
    """A text divided into units: one token each, if graphemes allow, and a bounded number of characters.

    A span of n units has at most n tokens if it is not cut inside a word.

    Attributes:
        text: Text that is measured.
        tokens: Positions of its tokens.
        starts: First character of each unit, int64 [units], ascending from 0.
    """

    def __init__(self, text: str, tokens: TokenMap) -> None:
        self.text = text
        self.tokens = tokens
        self._interior = grapheme_interiors(text)
        edges = np.concatenate(([0], tokens.starts))
        edges = edges[np.append(True, np.diff(edges) > 0)]
        self.starts = self._fill(edges[self.may_cut(edges)])
        if self._interior is not None:
            self._interior[self.starts] = False  # a grapheme that is too long to stay whole
        tokens_before = np.append(np.searchsorted(tokens.starts, self.starts), len(tokens.starts))
        self._marks = np.concatenate(([0], np.cumsum(np.maximum(np.diff(tokens_before), 1))))

    def may_cut(self, positions: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for each position whether a cut there leaves every grapheme whole, bool [positions]."""
        if self._interior is None:
            return np.ones(len(positions), dtype=np.bool_)
        return ~self._interior[positions]

    def marks(self, positions: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the units before each position. The difference of two marks is the size of the span between."""
        return self._marks[np.searchsorted(self.starts, positions)]

    def windows(self, start: int, end: int, budget: int, *, even: bool) -> list[int]:
        """Return the cuts that divide a span into windows of at most `budget` units.

        A cut moves back to the last space within an eighth of the window. Even windows have about the same length;
        otherwise every window but the last is as full as possible.
        """
        low, high = self.marks((start, end)).tolist()
        cuts: list[int] = []
        while high - low > budget:
            left = high - low
            stride = -(-left // -(-left // budget)) if even else budget
            # The last unit that starts within the window, and at least one unit further.
            first, last = np.searchsorted(self._marks, (low, low + stride), side="right").tolist()
            unit = max(last - 1, first)
            if unit >= len(self.starts) or self.starts[unit] >= end:
                break
            cuts.append(self._back_to_space(unit, max(unit - stride // 8, first)))
            low = int(self.marks((cuts[-1],))[0])
        return cuts

    def back(self, position: int, units: int, floor: int) -> int:
        """Return the earliest unit start, not before `floor`, at most `units` units before `position`."""
        mark = int(self.marks((position,))[0])
        unit = max(np.searchsorted(self._marks, mark - units), np.searchsorted(self.starts, floor))
        return min(int(self.starts[unit]), position) if unit < len(self.starts) else position

    def word_start(self, start: int, end: int) -> int:
        """Return the first unit start from `start` to `end` that follows a space, else `start`."""
        low, high = np.searchsorted(self.starts, (start, end)).tolist()
        for position in self.starts[low:high].tolist():
            if position == 0 or self.text[position - 1].isspace():
                return int(position)
        return start

    def middle(self, start: int, end: int) -> int:
        """Return a place near the middle of a span, inside it. The span has two or more characters."""
        low, high = np.searchsorted(self.starts, (start + 1, end)).tolist()
        return int(self.starts[(low + high) // 2]) if low < high else (start + end) // 2

    def _back_to_space(self, unit: int, first: int) -> int:
        for earlier in range(unit, first - 1, -1):
            position = int(self.starts[earlier])
            if self.text[position - 1].isspace() or self.text[position].isspace():
                return position
        return int(self.starts[unit])

    def _fill(self, edges: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the edges with others between those that are too far apart."""
        gaps = np.diff(np.append(edges, len(self.text)))
        added: list[int] = []
        for index in np.flatnonzero(gaps > CHARACTERS_PER_UNIT).tolist():
            position, end = int(edges[index]), int(edges[index] + gaps[index])
            while end - position > CHARACTERS_PER_UNIT:
                position = self._grapheme_start(position, position + CHARACTERS_PER_UNIT)
                added.append(position)
        return np.sort(np.concatenate((edges, np.array(added, dtype=np.int64))))

    def _grapheme_start(self, after: int, position: int) -> int:
        """Return the last place up to `position` that splits no grapheme, `position` itself if there is none."""
        if self._interior is None:
            return position
        free = np.flatnonzero(~self._interior[after + 1 : position + 1])
        return after + 1 + int(free[-1]) if len(free) else position
