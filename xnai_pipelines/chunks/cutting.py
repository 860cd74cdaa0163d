"""The places where each strategy may cut, and their prices."""

import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from xnai_pipelines.chunks.boundaries import sentence_starts
from xnai_pipelines.chunks.outline import Outline, Section, between
from xnai_pipelines.chunks.packing import Cut
from xnai_pipelines.chunks.ruler import Ruler
from xnai_pipelines.chunks.spec import Strategy

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
    text, end = ruler.text, len(ruler.text)

    def sentences(start: int, stop: int) -> Iterable[int]:
        return sentence_starts(text, start, stop)

    def paragraphs(start: int, stop: int) -> Iterable[int]:
        return (match.end() for match in _BLANK_LINE.finditer(text, start, stop))

    def lines(start: int, stop: int) -> Iterable[int]:
        return (match.end() for match in _LINE_END.finditer(text, start, stop))

    def parts(start: int, stop: int) -> Iterable[int]:
        return between(outline.parts, start, stop)

    def code_lines(start: int, stop: int) -> Iterable[int]:
        return between(outline.lines, start, stop)

    def prose_sentences(start: int, stop: int) -> Iterable[int]:
        return (position for position in sentences(start, stop) if not outline.in_code(position))

    def windows(start: int, stop: int) -> Iterable[int]:
        return ruler.windows(start, stop, budget, even=strategy is not Strategy.FIXED)

    # `offered` places are always used. Better kinds come last, because they overwrite the price.
    # `finer` places divide pieces that are larger than a chunk.
    offered: list[tuple[Iterable[int], float]]
    finer: list[tuple[_Finder, float]]
    match strategy:
        case Strategy.FIXED:
            offered, finer = [], []
        case Strategy.SENTENCE:
            offered, finer = [(sentences(0, end), _BLOCK)], []
        case Strategy.PARAGRAPH:
            offered, finer = [(paragraphs(0, end), _BLOCK)], [(sentences, _SENTENCE)]
        case Strategy.RECURSIVE:
            offered = [(sentences(0, end), _SENTENCE), (lines(0, end), _LINE), (paragraphs(0, end), _BLOCK)]
            finer = []
        case Strategy.STRUCTURE:
            headings = (section.start for section in outline.sections if section.start not in outline.stacked)
            offered = [(outline.blocks, _BLOCK), (outline.announced, _AFTER_COLON), (headings, _HEADING)]
            finer = [(parts, _PART), (code_lines, _LINE), (prose_sentences, _SENTENCE)]

    prices: dict[int, float] = {}
    for positions, price in offered:
        _offer(prices, ruler, positions, price)
    for find, price in [*finer, (windows, _WINDOW)]:
        oversize = _oversize(prices, ruler, budget)
        _offer(prices, ruler, (position for start, stop in oversize for position in find(start, stop)), price)
    return _in_sections(prices, end, outline.sections)


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
