"""The places where each strategy may cut, and their prices."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from xnai_pipelines.chunks.boundaries import sentence_starts
from xnai_pipelines.chunks.outline import Outline, Section, between
from xnai_pipelines.chunks.ruler import Ruler
from xnai_pipelines.chunks.spec import Strategy

# Real text has 5 to 40 pieces per chunk. These bound the work on text such as "! ! !": pieces that together are under
# a 32nd of a chunk stay together, and a chunk has at most MAX_PIECES pieces.
GRAINS_PER_CHUNK = 32
MAX_PIECES = 64
_NO_HEADING = 1_000


@dataclass(frozen=True, slots=True)
class Cut:
    """A place where a chunk may end and the next one start.

    Attributes:
        position: Offset in the text.
        price: Cost of ending a chunk here. A full chunk costs 0 and a nearly empty one 1, so a negative price is the
            emptiness that an end here is worth.
        level: Level of the section that the text after the cut is in, 0 outside any section.
        opens: Whether the heading of that section starts here.
    """

    position: int
    price: float = 0.0
    level: int = 0
    opens: bool = False


def pack(cuts: Sequence[Cut], marks: Sequence[int], budget: int) -> list[int]:
    """Return the positions at which chunks end, including the end of the text.

    Minimises the sum over all chunks of (1 - size / budget) squared plus the prices of the cuts used, by dynamic
    programming (as Knuth and Plass break paragraphs into lines, 1981). The squares give chunks of even size and no
    small remainder. A chunk never continues past a heading of a higher level than the section it starts in, so the
    sections in a chunk share their parent heading.

    Args:
        cuts: Cuts in order. The first and last are the ends of the text.
        marks: Units before each cut.
        budget: Units in a full chunk. A single larger piece becomes its own chunk.
    """
    kept = _thinned(cuts, marks, budget // GRAINS_PER_CHUNK)
    cuts, marks = [cuts[index] for index in kept], [marks[index] for index in kept]
    levels = [cut.level for cut in cuts]
    headings = [cut.level if cut.opens else _NO_HEADING for cut in cuts]
    emptiness = [(1 - size / budget) ** 2 for size in range(budget + 1)]
    cost = [0.0] * len(cuts)
    previous = [0] * len(cuts)
    for end in range(1, len(cuts)):
        lowest = float("inf")
        shallowest = _NO_HEADING
        mark = marks[end]
        for start in range(end - 1, max(end - MAX_PIECES, 0) - 1, -1):
            size = mark - marks[start]
            if size > budget:
                if start < end - 1:
                    break
                size = budget
            if levels[start] <= shallowest:
                total = cost[start] + emptiness[size]
                if total < lowest:
                    lowest, previous[end] = total, start
            if headings[start] < shallowest:
                shallowest = headings[start]
        cost[end] = lowest + cuts[end].price
    ends = [len(cuts) - 1]
    while previous[ends[-1]] > 0:
        ends.append(previous[ends[-1]])
    return [cuts[end].position for end in reversed(ends)]


def _thinned(cuts: Sequence[Cut], marks: Sequence[int], grain: int) -> list[int]:
    """Return the indices of the cuts to keep. Between pieces under a grain, only the cheaper cuts matter."""
    kept = [0]
    for index in range(1, len(cuts) - 1):
        is_free = cuts[index].opens or cuts[index].price < cuts[index + 1].price
        if is_free or marks[index + 1] - marks[kept[-1]] > grain:
            kept.append(index)
    return [*kept, len(cuts) - 1]


_BLANK_LINE = re.compile(r"\n[ \t]*+\n\s*+")
_LINE_END = re.compile(r"\n")

# Prices are shares of a chunk's squared emptiness (see Cut). With -0.9 for a heading, two neighbouring sections share
# a chunk if the product of their shares of a full chunk is under 0.05: 40 and 45 of 192 tokens do, 45 and 45 do not.
_HEADING = -0.9
_BLOCK = 0.0
_PART = 0.2
_AFTER_COLON = 0.3
_LINE = 0.3
_SENTENCE = 0.6
_WINDOW = 0.8
_INDENT = 0.01  # per column, for code: between two functions rather than inside one
_DEEPEST = 16

_Finder = Callable[[int, int], Iterable[int]]


def cuts_of(strategy: Strategy, ruler: Ruler, outline: Outline, budget: int) -> list[Cut]:
    """Return the places where a strategy may cut, including both ends of the text.

    Pieces between neighbouring cuts measure at most `budget` units. No cut splits a grapheme unless the grapheme is
    longer than a unit.
    """
    offered, finer = _places(strategy, ruler.text, outline)
    windows: _Finder = partial(ruler.windows, budget=budget, even=strategy is not Strategy.FIXED)
    prices: dict[int, float] = {}
    for positions, price in offered:
        _offer(prices, ruler, positions, price)
    for find, price in [*finer, (windows, _WINDOW)]:
        oversize = _oversize(prices, ruler, budget)
        _offer(prices, ruler, (position for start, stop in oversize for position in find(start, stop)), price)
    return _in_sections(prices, len(ruler.text), outline.sections)


def _places(
    strategy: Strategy, text: str, outline: Outline
) -> tuple[list[tuple[Iterable[int], float]], list[tuple[_Finder, float]]]:
    """Return the places that a strategy always offers, and finders of those that divide what is larger than a chunk.

    Each comes with its price. Better kinds come last, because they overwrite the price.
    """
    end = len(text)
    sentences = partial(sentence_starts, text)
    paragraphs = partial(_ends_of, _BLANK_LINE, text)
    match strategy:
        case Strategy.FIXED:
            return [], []
        case Strategy.SENTENCE:
            return [(sentences(0, end), _BLOCK)], []
        case Strategy.PARAGRAPH:
            return [(paragraphs(0, end), _BLOCK)], [(sentences, _SENTENCE)]
        case Strategy.RECURSIVE:
            lines = _ends_of(_LINE_END, text, 0, end)
            return [(sentences(0, end), _SENTENCE), (lines, _LINE), (paragraphs(0, end), _BLOCK)], []
        case Strategy.STRUCTURE:
            headings = (section.start for section in outline.sections if section.start not in outline.stacked)
            return (
                [(outline.blocks, _BLOCK), (outline.announced, _AFTER_COLON), (headings, _HEADING)],
                [
                    (partial(between, outline.parts), _PART),
                    (partial(between, outline.lines), _LINE),
                    (partial(_prose_sentences, text, outline), _SENTENCE),
                ],
            )


def _ends_of(pattern: re.Pattern[str], text: str, start: int, stop: int) -> Iterable[int]:
    return (match.end() for match in pattern.finditer(text, start, stop))


def _prose_sentences(text: str, outline: Outline, start: int, stop: int) -> Iterable[int]:
    return (position for position in sentence_starts(text, start, stop) if not outline.in_code(position))


def _offer(prices: dict[int, float], ruler: Ruler, positions: Iterable[int], price: float) -> None:
    end = len(ruler.text)
    inside = np.fromiter((position for position in positions if 0 < position < end), dtype=np.int64)
    legal = inside[ruler.may_cut(inside)].tolist()
    prices.update((position, price + _INDENT * _indent(ruler.text, position)) for position in legal)


def _indent(text: str, position: int) -> int:
    if text[position] not in " \t":
        return 0
    lead = text[position : position + _DEEPEST]
    return len(lead) - len(lead.lstrip(" \t"))


def _oversize(prices: dict[int, float], ruler: Ruler, budget: int) -> list[tuple[int, int]]:
    edges = np.array([0, *sorted(prices), len(ruler.text)], dtype=np.int64)
    large = np.flatnonzero(np.diff(ruler.marks(edges)) > budget)
    return list(zip(edges[large].tolist(), edges[large + 1].tolist(), strict=True))


def _in_sections(prices: dict[int, float], end: int, sections: Sequence[Section]) -> list[Cut]:
    cuts = []
    level, passed = 0, 0
    for position in [0, *sorted(prices), end]:
        opens = False
        while passed < len(sections) and sections[passed].start <= position:
            level, opens = sections[passed].level, sections[passed].start == position
            passed += 1
        cuts.append(Cut(position, prices.get(position, 0.0), level, opens))
    return cuts
