"""What an extractor finds in a text, and which of overlapping finds stay. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a mention is, by the rule that found it."""

    TITLE = "title"
    HEADING = "heading"
    NAME = "name"
    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"
    WORK = "work"
    TERM = "term"
    SYMBOL = "symbol"
    SETTING = "setting"
    COMMAND = "command"
    DATE = "date"
    VERSION = "version"
    IDENTIFIER = "identifier"
    EMAIL = "email"
    ADDRESS = "address"


RECOGNISED_NAMES = (Kind.PERSON, Kind.ORGANISATION, Kind.PLACE)  # of which a model says what they are
BY_FORM = frozenset({"capitals", "katakana", "repeats"})  # rules that see a name, but not what it is
NAMES = (Kind.NAME, Kind.TITLE, Kind.WORK, *RECOGNISED_NAMES)


@dataclass(frozen=True, slots=True)
class Find:
    """A range of a text that an extractor takes for a mention.

    Attributes:
        start: First character.
        end: Character after the last one.
        kind: What it is.
        extractor: Name of the rule.
        target: Source of the document that it links to, None for most.
    """

    start: int
    end: int
    kind: Kind
    extractor: str
    target: str | None = None


def without_overlaps(groups: Iterable[Iterable[Find]]) -> list[Find]:
    """Return the finds that stay, by start: those of an earlier group win, and within a group the longer ones."""
    kept: list[Find] = []
    occupied = bytearray()
    for group in groups:
        for find in sorted(group, key=lambda each: (each.start - each.end, each.start)):
            if find.end > len(occupied):
                occupied.extend(bytes(find.end - len(occupied)))
            if not occupied.count(1, find.start, find.end):
                occupied[find.start : find.end] = b"\x01" * (find.end - find.start)
                kept.append(find)
    return sorted(kept, key=lambda each: each.start)
