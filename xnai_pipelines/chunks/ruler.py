"""Measures spans of a text in units, and knows where the text may be cut."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.chunks.graphemes import grapheme_interiors
from xnai_pipelines.chunks.tokens import TokenMap

# A token can be one [UNK] for a megabyte of text, and white space is no token at all. So that a chunk is
# bounded in characters too, each stretch of this length counts as a token: a chunk has at most size_tokens
# times this many.
CHARACTERS_PER_UNIT = 32


class Ruler:
    """A text divided into units: one token each, where graphemes allow, and a bounded number of characters.

    A span that measures n units has at most n tokens, as long as it is not cut inside a word.

    Attributes:
        text: The text measured.
        tokens: Where its tokens lie.
        starts: int64 array, the first character of each unit, ascending, the first one 0.
    """

    def __init__(self, text: str, tokens: TokenMap) -> None:
        self.text = text
        self.tokens = tokens
        self._interior = grapheme_interiors(text)
        edges = np.concatenate(([0], tokens.starts))
        edges = edges[np.append(True, np.diff(edges) > 0)]
        self.starts = self._fill(edges[self.may_cut(edges)])
        if self._interior is not None:
            self._interior[self.starts] = False  # where a grapheme is too long to be kept whole
        tokens_before = np.append(np.searchsorted(tokens.starts, self.starts), len(tokens.starts))
        self._marks = np.concatenate(([0], np.cumsum(np.maximum(np.diff(tokens_before), 1))))

    def may_cut(self, positions: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Returns a bool for each position in the text: whether a cut there leaves every grapheme whole."""
        if self._interior is None:
            return np.ones(len(positions), dtype=np.bool_)
        return ~self._interior[positions]

    def marks(self, positions: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
        """Returns the units before each position: the difference of two marks is what lies between."""
        return self._marks[np.searchsorted(self.starts, positions)]

    def windows(self, start: int, end: int, budget: int, *, even: bool) -> list[int]:
        """Returns the cuts that divide a span into windows of at most `budget` units.

        A cut moves back to the last space within an eighth of the window. Even windows are of about one
        length; otherwise every window but the last is as full as it can be.
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
        """Returns the earliest unit start, not before `floor`, at most that many units before `position`."""
        mark = int(self.marks((position,))[0])
        unit = max(np.searchsorted(self._marks, mark - units), np.searchsorted(self.starts, floor))
        return min(int(self.starts[unit]), position) if unit < len(self.starts) else position

    def word_start(self, start: int, end: int) -> int:
        """Returns the first unit start from `start` to `end` that follows a space, else `start`."""
        low, high = np.searchsorted(self.starts, (start, end)).tolist()
        for position in self.starts[low:high].tolist():
            if position == 0 or self.text[position - 1].isspace():
                return int(position)
        return start

    def middle(self, start: int, end: int) -> int:
        """Returns a place inside a span of two or more characters, near the middle of what it measures."""
        low, high = np.searchsorted(self.starts, (start + 1, end)).tolist()
        return int(self.starts[(low + high) // 2]) if low < high else (start + end) // 2

    def _back_to_space(self, unit: int, first: int) -> int:
        for earlier in range(unit, first - 1, -1):
            position = int(self.starts[earlier])
            if self.text[position - 1].isspace() or self.text[position].isspace():
                return position
        return int(self.starts[unit])

    def _fill(self, edges: NDArray[np.int64]) -> NDArray[np.int64]:
        """Adds edges where two of them are too far apart."""
        gaps = np.diff(np.append(edges, len(self.text)))
        added: list[int] = []
        for index in np.flatnonzero(gaps > CHARACTERS_PER_UNIT).tolist():
            position, end = int(edges[index]), int(edges[index] + gaps[index])
            while end - position > CHARACTERS_PER_UNIT:
                position = self._grapheme_start(position, position + CHARACTERS_PER_UNIT)
                added.append(position)
        return np.sort(np.concatenate((edges, np.array(added, dtype=np.int64))))

    def _grapheme_start(self, after: int, position: int) -> int:
        """The last place up to `position` that splits no grapheme; `position` itself where there is none."""
        if self._interior is None:
            return position
        free = np.flatnonzero(~self._interior[after + 1 : position + 1])
        return after + 1 + int(free[-1]) if len(free) else position
