"""Makes the postings of passages that come block by block, with the entries of one block in memory at a time.

The entries of each block wait in a file. When all passages are known, so are the number of passages that contain each
term and its place in the index: each block's entries are then written where they belong.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xnai_pipelines.search.mapped import new_array
from xnai_pipelines.search.postings import K1, B, compound_parts, hashed, rarity

Numbers = npt.NDArray[np.int64]


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
    def among(cls, known: dict[str, int]) -> "_Parts":
        parts = [[known[part] for part in compound_parts(name, known)] for name in known]
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

    def write(self, folder: Path, prefix: str = "") -> None:
        """Write the arrays of `Postings` as files, their names after the prefix.

        Compounds, such as German ones, are also indexed by their parts, if these are words of the passages themselves.
        """
        frequency = np.zeros(len(self._codes), np.int64)
        parts = _Parts.among(self._codes)
        for block in self._blocks:
            entries = _Entries.read(block).with_parts(parts)
            frequency += np.bincount(entries.codes, minlength=len(frequency))
            entries.write(block)
        keys = np.array([hashed(name) for name in self._codes], np.uint64)
        order = np.argsort(keys)
        starts = np.cumsum([0, *frequency[order]], dtype=np.int64)
        np.save(folder / f"{prefix}keys.npy", keys[order])
        np.save(folder / f"{prefix}starts.npy", starts)
        free = np.empty_like(frequency)  # where the next entry of each term goes
        free[order] = starts[:-1]
        self._write_entries(folder, prefix, frequency, free)

    def _write_entries(self, folder: Path, prefix: str, frequency: Numbers, free: Numbers) -> None:
        lengths = np.concatenate(self._lengths)
        mean_length = int(lengths.sum()) / self._passages if lengths.any() else 1.0
        norm = K1 * (1 - B + B * lengths / mean_length)
        rarities = rarity(self._passages, frequency)
        number = (int(frequency.sum()),)
        rows = new_array(folder / f"{prefix}rows.npy", np.int32, number)
        weights = new_array(folder / f"{prefix}weights.npy", np.float32, number)
        for block in self._blocks:
            entries = _Entries.read(block)
            codes, first, count = np.unique(entries.codes, return_index=True, return_counts=True)
            places = np.repeat(free[codes] - first, count) + np.arange(len(entries.codes))
            free[codes] += count
            counts = entries.counts
            rows[places] = entries.rows
            weights[places] = rarities[entries.codes] * counts * (K1 + 1) / (counts + norm[entries.rows])

    def words(self) -> tuple[Sequence[str], Numbers]:
        """Return the terms and how often each occurs in all passages; before `write`, which adds the parts."""
        occurrences = np.zeros(len(self._codes), np.int64)
        for block in self._blocks:
            entries = _Entries.read(block)
            occurrences += np.bincount(entries.codes, entries.counts, len(occurrences)).astype(np.int64)
        return list(self._codes), occurrences
