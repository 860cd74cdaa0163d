"""Makes the postings of passages that come block by block, with the entries of one block in memory at a time.

The entries of each block wait in a file. When all passages are known, so are the number of passages that contain each
term and its place in the index: each block's entries are then written where they belong.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xnai_pipelines.search.array_files import new_array
from xnai_pipelines.search.postings import compound_parts, hashed

Numbers = npt.NDArray[np.int64]

_COUNTED = np.iinfo(np.uint16).max  # more occurrences score the same


@dataclass(frozen=True, slots=True, eq=False)
class _Entries:
    """How often each of m pairs of a term and a passage occurs, sorted by term and passage: int64 [m] each."""

    codes: Numbers
    rows: Numbers
    counts: Numbers

    @classmethod
    def counted(cls, codes: Numbers, rows: Numbers) -> "_Entries":
        """Return the entries of pairs that are given each time they occur."""
        passages = int(rows.max(initial=0)) + 1
        pairs, counts = np.unique(codes * passages + rows, return_counts=True)
        return cls(*np.divmod(pairs, passages), counts)

    @classmethod
    def summed(cls, codes: Numbers, rows: Numbers, counts: Numbers) -> "_Entries":
        """Return the entries of pairs with counts that may come more than once."""
        passages = int(rows.max(initial=0)) + 1
        pairs, places = np.unique(codes * passages + rows, return_inverse=True)
        return cls(*np.divmod(pairs, passages), np.bincount(places, counts, len(pairs)).astype(np.int64))

    def with_parts(self, parts: "_Parts") -> "_Entries":
        """Return the entries with those of the compounds' parts."""
        number = np.diff(parts.starts)[self.codes]
        if not number.any():
            return self
        of = np.repeat(np.arange(len(self.codes)), number)
        place = np.arange(len(of)) - np.repeat(np.cumsum(number) - number, number)
        codes = parts.codes[parts.starts[self.codes[of]] + place]
        more = ((self.codes, codes), (self.rows, self.rows[of]), (self.counts, self.counts[of]))
        return _Entries.summed(*map(np.concatenate, more))

    def write(self, path: Path) -> None:
        np.save(path, np.stack([self.codes, self.rows, self.counts]).astype(np.int32))

    @classmethod
    def read(cls, path: Path) -> "_Entries":
        return cls(*np.load(path).astype(np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """The terms that each of v compounds is composed of: `codes[starts[c]:starts[c + 1]]`, none for other terms."""

    starts: Numbers
    codes: Numbers

    @classmethod
    def of(cls, codes: dict[str, int], known: Container[str]) -> "_Parts":
        """Return the known parts of the terms that have a code; parts without one get theirs."""
        parts = [[codes.setdefault(part, len(codes)) for part in compound_parts(name, known)] for name in list(codes)]
        starts = np.cumsum([0, *map(len, parts)], dtype=np.int64)
        return cls(starts, np.array([code for found in parts for code in found], np.int64))


class Inverter:
    """Passages' terms, added in the passages' order."""

    def __init__(self, scratch: Path) -> None:
        """Keep what waits in files of this empty folder."""
        self._scratch = scratch
        self._codes: dict[str, int] = {}
        self._lengths: list[Numbers] = [np.empty(0, np.int64)]
        self._blocks: list[Path] = []
        self._passages = 0

    def add(self, terms: pa.ListArray) -> None:
        """Add the terms of the next passages: list<string> [n]."""
        lengths = np.diff(terms.offsets.to_numpy()).astype(np.int64)
        encoded = terms.flatten().dictionary_encode()
        known = self._codes
        codes = np.array([known.setdefault(name, len(known)) for name in encoded.dictionary.to_pylist()], np.int64)
        rows = np.repeat(np.arange(self._passages, self._passages + len(terms)), lengths)
        block = self._scratch / f"{len(self._blocks)}.npy"
        _Entries.counted(codes[encoded.indices.to_numpy()], rows).write(block)
        self._blocks.append(block)
        self._lengths.append(lengths)
        self._passages += len(terms)

    def write(self, folder: Path, prefix: str = "", known: Container[str] = ()) -> None:
        """Write files with names after the prefix: the arrays of `Terms`, and counts.

        Compounds, such as German ones, are also indexed by their parts, if these are among the known stems.
        """
        parts = _Parts.of(self._codes, known)
        frequency = np.zeros(len(self._codes), np.int64)
        for block in self._blocks:
            entries = _Entries.read(block).with_parts(parts)
            frequency += np.bincount(entries.codes, minlength=len(frequency))
            entries.write(block)
        keys = hashed(self._codes)
        order = np.argsort(keys)
        starts = np.cumsum([0, *frequency[order]], dtype=np.int64)
        free = np.empty_like(frequency)  # where the next entry of each term goes
        free[order] = starts[:-1]
        np.save(folder / f"{prefix}keys.npy", keys[order])
        np.save(folder / f"{prefix}starts.npy", starts)
        self._write_entries(folder, prefix, int(frequency.sum()), free)

    def _write_entries(self, folder: Path, prefix: str, number: int, free: Numbers) -> None:
        rows = new_array(folder / f"{prefix}rows.npy", np.int32, (number,))
        counts = new_array(folder / f"{prefix}counts.npy", np.uint16, (number,))
        for block in self._blocks:
            entries = _Entries.read(block)
            codes, first, count = np.unique(entries.codes, return_index=True, return_counts=True)
            places = np.repeat(free[codes] - first, count) + np.arange(len(entries.codes))
            free[codes] += count
            rows[places] = entries.rows
            counts[places] = np.minimum(entries.counts, _COUNTED)

    @property
    def lengths(self) -> npt.NDArray[np.int32]:
        """The number of terms of each passage: int32 [n]."""
        return np.concatenate(self._lengths).astype(np.int32)

    def words(self) -> tuple[Sequence[str], Numbers]:
        """Return the terms and how often each occurs in all passages; before `write`, which adds the parts."""
        occurrences = np.zeros(len(self._codes), np.int64)
        for block in self._blocks:
            entries = _Entries.read(block)
            occurrences += np.bincount(entries.codes, entries.counts, len(occurrences)).astype(np.int64)
        return list(self._codes), occurrences
