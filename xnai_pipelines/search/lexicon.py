"""The words of the passages that are kept by name: for corrections, and to divide compounds by."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.search.postings import DECOMPOUNDED, compound_parts
from xnai_pipelines.search.spelling import vocabulary_of
from xnai_pipelines.search.stems import STEM_MARK

VOCABULARY = "vocabulary.arrow"
_STEMS = "stems.arrow"
_DIVIDED = rf"^(?:{'|'.join(DECOMPOUNDED)}){STEM_MARK}"


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Words and how often each occurs in all passages, as tables of `word`, string, and `count`, int64; by word.

    Attributes:
        vocabulary: The words, as `vocabulary_of` returns them.
        stems: The stems in languages that part compounds.
    """

    vocabulary: pa.Table
    stems: pa.Table

    @classmethod
    def of(cls, terms: Sequence[str], counts: npt.NDArray[np.int64]) -> Self:
        """Return the words among the terms of the passages."""
        table = pa.table({"word": pa.array(terms, pa.string()), "count": counts})
        stems = table.filter(pc.match_substring_regex(table["word"], _DIVIDED))
        return cls(vocabulary_of(terms, counts), stems.sort_by("word").combine_chunks())

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return what `write` wrote."""
        return cls(*(pa.ipc.open_file(str(folder / name)).read_all() for name in (VOCABULARY, _STEMS)))

    def write(self, folder: Path) -> None:
        """Write the tables into a folder."""
        for name, table in ((VOCABULARY, self.vocabulary), (_STEMS, self.stems)):
            with pa.ipc.new_file(str(folder / name), table.schema) as file:
                file.write_table(table)

    def plus(self, other: Self, times: int = 1) -> Self:
        """Return the words of both, the other's counted so many times; those that occur nowhere are left out."""
        pairs = ((self.vocabulary, other.vocabulary), (self.stems, other.stems))
        return type(self)(*(_sum(own, more, times) for own, more in pairs))

    @cached_property
    def known(self) -> frozenset[str]:
        """The stems that compounds are divided into."""
        return frozenset(self.stems["word"].to_pylist())

    def divided_otherwise(self, other: Self) -> list[str]:
        """Return the stems of both that have other parts in the other."""
        if self.known == other.known:
            return []
        both = self.known & other.known
        return [term for term in both if _parts(term, self.known) != _parts(term, other.known)]


def _sum(table: pa.Table, other: pa.Table, times: int) -> pa.Table:
    counted = other.set_column(1, "count", pc.multiply(other["count"], times))
    summed = pa.concat_tables([table, counted]).group_by("word").aggregate([("count", "sum")])
    summed = summed.select(["word", "count_sum"]).rename_columns(["word", "count"])
    return summed.filter(pc.greater(summed["count"], 0)).sort_by("word").combine_chunks()


def _parts(term: str, known: frozenset[str]) -> list[str]:
    return list(compound_parts(term, known))
