"""Where the title and the headings of a document stand in its text. Pure."""

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xnai_pipelines.graph.found import Kind

LONGEST = 120  # characters; a longer heading is a sentence
_MARKUP = 16  # characters of markup before a heading's words


@dataclass(frozen=True, slots=True)
class Place:
    """A heading in the document's text: where its line opens, its words' range, and which place it stands under."""

    opens: int
    start: int
    end: int
    level: int
    kind: Kind
    surface: str
    parent: int | None


@dataclass(frozen=True, slots=True)
class HeadingTree:
    """The places of a document's headings, in order of the text. The first is the title if the text has it.

    Attributes:
        places: The places.
        opens: Where the line of each opens.
    """

    places: tuple[Place, ...]
    opens: tuple[int, ...]

    def within(self, start: int, end: int) -> list[int]:
        """Return the places whose words lie in a range of the text."""
        first, last = bisect.bisect_left(self.opens, start - _MARKUP), bisect.bisect_right(self.opens, end)
        return [at for at in range(first, last) if start <= self.places[at].start and self.places[at].end <= end]

    def above(self, start: int) -> list[int]:
        """Return the places of the headings that the text at `start` stands under, innermost first; the title last."""
        position: int | None = bisect.bisect_right(self.opens, start) - 1
        found = []
        while position is not None and position >= 0:
            found.append(position)
            position = self.places[position].parent
        if self.places and 0 not in found and self.places[0].kind is Kind.TITLE:
            found.append(0)
        return found


def outline(document: Mapping[str, Any], chunks: Sequence[Mapping[str, Any]]) -> HeadingTree:
    """Return where the headings stand. One whose words the text has in another form is left out."""
    starts = [chunk["start"] for chunk in chunks]
    places: list[Place] = []
    open_levels: list[int] = []  # places that a deeper heading stands under
    headings = sorted(document["headings"] or (), key=lambda heading: heading["start"])
    if not headings and document["title"]:
        headings = [{"start": starts[0] if starts else 0, "level": 1, "title": document["title"]}]
    for heading in headings:
        words = heading["title"].strip()
        chunk = chunks[max(0, bisect.bisect_right(starts, heading["start"] + _MARKUP) - 1)] if chunks else None
        if chunk is None or not 1 < len(words) <= LONGEST:
            continue
        at = chunk["text"].find(words, max(0, heading["start"] - chunk["start"]))
        start = chunk["start"] + at
        if at < 0 or start > heading["start"] + _MARKUP:
            continue
        is_title = not places and words == document["title"].strip()
        while open_levels and places[open_levels[-1]].level >= heading["level"]:
            open_levels.pop()
        parent = open_levels[-1] if open_levels else None
        open_levels.append(len(places))
        kind = Kind.TITLE if is_title else Kind.HEADING
        places.append(Place(heading["start"], start, start + len(words), heading["level"], kind, words, parent))
    return HeadingTree(tuple(places), tuple(place.opens for place in places))
