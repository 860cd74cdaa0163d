"""Slices of the questions: by language, folder and media type of the answering document, and by origin."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

DIMENSIONS = ("language", "folder", "media_type", "origin")
NO_FOLDER = "."
_ALL = "all questions"
_INSIDE_A_FILE = re.compile(r"#|!(?!/)")  # a folder's name may end in "!"


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What slices and tables show of a document. `source` is its path, `language` an ISO 639-1 code or None."""

    source: str
    language: str | None
    media_type: str


@dataclass(frozen=True, slots=True, order=True)
class Slice:
    """The questions with this value in this column of the per-question table. `OVERALL` is all questions."""

    dimension: str
    value: str

    def __str__(self) -> str:
        return _ALL if self == OVERALL else f"{self.dimension} {self.value}"

    @classmethod
    def parse(cls, words: str) -> "Slice":
        """Return the slice that `str` wrote."""
        dimension, _, value = words.partition(" ")
        return OVERALL if words == _ALL else cls(dimension, value)


OVERALL = Slice("all", "all")


def folder_of(source: str) -> str:
    """Return the top folder of a source, "." for a file outside any folder. What lies in a file has its folder."""
    path = _INSIDE_A_FILE.split(source, maxsplit=1)[0]
    return path.partition("/")[0] if "/" in path else NO_FOLDER


def slices(rows: "pa.Table", min_questions: int, dimensions: Sequence[str] = DIMENSIONS) -> list[Slice]:
    """Return the slices with at least `min_questions` questions, in the order of dimensions, without all questions.

    Args:
        rows: Table of schema `PER_QUESTION`.
        min_questions: Min number of distinct questions.
        dimensions: Some of `DIMENSIONS`.
    """
    found = []
    for dimension in dimensions:
        pairs = set(zip(rows["question_id"].to_pylist(), rows[dimension].to_pylist(), strict=True))
        counts = Counter(value for _, value in pairs if value is not None)
        large = sorted(value for value, number in counts.items() if number >= min_questions)
        found += [Slice(dimension, value) for value in large if counts[value] < len(pairs)]
    return found


def in_slice(rows: "pa.Table", part: Slice) -> "pa.Table":
    """Return the rows of a slice."""
    import pyarrow.compute as pc

    return rows if part == OVERALL else rows.filter(pc.field(part.dimension) == part.value)
