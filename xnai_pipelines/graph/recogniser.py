"""Recognisers: models that read names, and relations between them, in texts, beside the rules. Pure.

What one finds is a proposal about its own text: ranges of it, of closed sets of types. It merges no names.
"""

import bisect
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from xnai_pipelines.graph.cues import CUES, OF_DATES
from xnai_pipelines.graph.found import BY_FORM, Find, Kind
from xnai_pipelines.graph.statements import Statement

VERSION = 2  # raised when what a recogniser found gives other mentions

# Relations that a recogniser may state: those of the rules but the one by which names are merged.
RELATION_TYPES = tuple(sorted(({"is_a"} | CUES["en"].keys() | set(OF_DATES.values())) - {"also_called"}))

_KINDS: Mapping[Kind, str] = {
    Kind.PERSON: "per pers person persname people",
    Kind.ORGANISATION: "org organisation organization orgname company corporation institution group",
    Kind.PLACE: "loc location place gpe fac facility geo city country street locname",
    Kind.WORK: "work work_of_art creative creative-work title",
    Kind.DATE: "date time",
    Kind.TERM: "term concept",
}
_KIND_OF = {label: kind for kind, labels in _KINDS.items() for label in labels.split()}
_NUMBERS = frozenset({"cardinal", "ordinal", "number", "num", "percent", "quantity", "money"})  # that name nothing


@dataclass(frozen=True, slots=True)
class Name:
    """A range of a text that a recogniser takes for a name; the type is its own, the confidence None if unknown."""

    start: int
    end: int
    type: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation between two names of a text, by their positions."""

    subject: int
    object: int
    type: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a recogniser found in a text.

    Attributes:
        names: The names.
        relations: Relations between them.
        dropped: Number of proposals that are not of the text, or of no known type.
        tokens: Tokens of a language model that it cost.
    """

    names: tuple[Name, ...] = ()
    relations: tuple[Relation, ...] = ()
    dropped: int = 0
    tokens: int = 0


class Recogniser(Protocol):
    """Reads texts.

    Attributes:
        name: Kind of recogniser, such as "token-classifier"; a home uses one of each.
        version: What its findings depend on beside the text, without blanks.
        at_once: Texts that it is given together; what was found in them is stored together.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def version(self) -> str: ...  # noqa: D102
    @property
    def at_once(self) -> int: ...  # noqa: D102

    def read(self, texts: Sequence[str]) -> Generator[tuple[int, Recognised | str], None, str]:
        """Yield the place of each text, in any order, with what was found or why it was not read.

        Return why the texts that are left, and all others, have to wait for another run; "" if there is nothing to
        wait for.
        """


def extractor_of(recogniser: Recogniser) -> str:
    """Return the extractor of the mentions that the recogniser finds."""
    return f"{recogniser.name}@{recogniser.version}"


def name_within(text: str, start: int, end: int, label: str, confidence: float | None = None) -> Iterator[Name]:
    """Yield the name in a range of a text, without the blanks around it; nothing if it has no letter or digit."""
    surface = text[start:end]
    start, end = start + len(surface) - len(surface.lstrip()), start + len(surface.rstrip())
    if any(map(str.isalnum, text[start:end])):
        yield Name(start, end, label, confidence)


def kind_of(label: str, surface: str) -> Kind:
    """Return what a recognised name is; one of an unknown type is a name if it has a capital letter, else a term."""
    return _KIND_OF.get(label.lower()) or (Kind.NAME if any(map(str.isupper, surface)) else Kind.TERM)


def recognised_finds(text: str, row: Mapping[str, Any]) -> Iterator[Find]:
    """Yield the names of a row of the table `recognised`, which is of this text.

    Numbers are no names, and neither are dates without one, such as "last summer".
    """
    for name in row["names"]:
        start, end = name["start"], name["end"]
        surface = text[start:end]
        kind = kind_of(name["type"], surface)
        is_vague = kind is Kind.DATE and not any(map(str.isdigit, surface))
        if name["type"].lower() not in _NUMBERS and not is_vague:
            yield Find(start, end, kind, row["extractor"])


def with_types(finds: Sequence[Find], recognised: Iterable[Sequence[Find]]) -> list[Find]:
    """Return the finds; a recogniser says what a name is that a rule finds by its form alone, the first one if several.

    Args:
        finds: What was found in a text.
        recognised: What each recogniser found in it.
    """
    typed = {(one.start, one.end): one for each in reversed([*recognised]) for one in each}
    return [typed.get((one.start, one.end), one) if one.extractor in BY_FORM else one for one in finds]


def recognised_statements(
    row: Mapping[str, Any], finds: Sequence[Find], sentences: Mapping[int, tuple[int, int]]
) -> Iterator[Statement]:
    """Yield the relations of a row between the finds that stand where it has names.

    Args:
        row: Row of the table `recognised`.
        finds: What was found in the text, by start; none overlap.
        sentences: Range of the sentence of each find, by position.
    """
    for one in row["relations"]:
        ends = [_at(row["names"][one[end]], finds) for end in ("subject", "object")]
        subject, other = ends
        if subject is not None and other is not None and subject != other:
            first, last = sorted((sentences[subject], sentences[other]))
            yield Statement(subject, other, one["type"], first[0], max(first[1], last[1]))


def _at(name: Mapping[str, Any], finds: Sequence[Find]) -> int | None:
    """Return the position of the first find that overlaps a name."""
    at = bisect.bisect_right(finds, name["start"], key=lambda find: find.end)
    return at if at < len(finds) and finds[at].start < name["end"] else None


def ground_of(row: Mapping[str, Any]) -> str:
    """Return what says of an extraction that it is made of a row of the table `recognised`."""
    return f"{row['extractor']}:{row['revision']}:{VERSION}"


@dataclass(frozen=True, slots=True)
class Recognition:
    """A name that a recogniser found, or a relation between two, by ranges of the document."""

    chunk_id: str
    extractor: str
    type: str
    ranges: tuple[tuple[int, int], ...]
    confidence: float | None

    @property
    def said(self) -> str:
        """Who found it, and how sure that is."""
        return self.extractor + ("" if self.confidence is None else f", confidence {self.confidence:.2f}")


def recognitions_of(row: Mapping[str, Any], base: int) -> Iterator[Recognition]:
    """Yield the names and relations of a row; `base` is where its chunk starts."""
    ranges = [(base + one["start"], base + one["end"]) for one in row["names"]]
    found: list[tuple[Mapping[str, Any], tuple[tuple[int, int], ...]]]
    found = [(one, (at,)) for one, at in zip(row["names"], ranges, strict=True)]
    found += [(one, (ranges[one["subject"]], ranges[one["object"]])) for one in row["relations"]]
    for one, places in found:
        yield Recognition(row["chunk_id"], row["extractor"], one["type"], places, one["confidence"])
