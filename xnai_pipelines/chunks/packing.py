"""Chooses where chunks end, among the places where a text may be cut."""

from collections.abc import Sequence
from dataclasses import dataclass

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
