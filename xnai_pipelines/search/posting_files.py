"""The files of postings: those of each piece are written when the piece is, and read together.

Weights depend on the mean length of all passages. If an edit changes it, those of the base are written again.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from xnai_pipelines.search.array_files import ArrayFile, opened, part
from xnai_pipelines.search.pieces import piece_folders, places_in
from xnai_pipelines.search.places import Places
from xnai_pipelines.search.postings import Frequencies, Inverted, Postings, Terms, mean_length, saturated

Numbers = npt.NDArray[np.int64]

TERMS = ("keys", "starts", "rows")
COUNTS, WEIGHTS, LENGTHS = "counts.npy", "weights.npy", "lengths.npy"
GONE = ("gone_keys.npy", "gone_numbers.npy")
_IN_MEMORY = 2**21  # entries


def inverted_in(folder: Path, places: Places, prefix: str = "") -> Inverted:
    """Return which passages of a corpus have a term, from the files with names after the prefix."""
    return Inverted(_terms(folder, prefix), places)


def postings_in(folder: Path, places: Places) -> Postings:
    """Return the postings of the words of a corpus."""
    weights, counts = (tuple(opened(piece / name) for piece in piece_folders(folder)) for name in (WEIGHTS, COUNTS))
    return Postings(_terms(folder, ""), places, weights, counts, gone_in(folder))


def _terms(folder: Path, prefix: str) -> tuple[Terms, ...]:
    return tuple(Terms(*(opened(piece / f"{prefix}{name}.npy") for name in TERMS)) for piece in piece_folders(folder))


def gone_in(folder: Path) -> Frequencies:
    """Return how many passages that are gone from a corpus, but not from its base, have each term."""
    if not (folder / GONE[0]).exists():
        return Frequencies(np.empty(0, np.uint64), np.empty(0, np.int64))
    return Frequencies(*(np.load(folder / name) for name in GONE))


def frequencies_in(piece: Path, wanted: npt.NDArray[np.bool_]) -> Frequencies:
    """Return how many of the wanted passages of a piece have each term: bool [places]."""
    keys, starts, places = (np.load(piece / f"{name}.npy") for name in TERMS)
    before = np.concatenate([[0], np.cumsum(wanted[places])])[starts]
    numbers = np.diff(before)
    return Frequencies(keys[numbers > 0], numbers[numbers > 0])


def write_gone(folder: Path, gone: Frequencies) -> None:
    """Write what `gone_in` returns."""
    if len(gone.keys):
        for name, values in zip(GONE, (gone.keys, gone.numbers), strict=True):
            np.save(folder / name, values)


def mean_length_in(folder: Path) -> float:
    """Return the mean number of terms of the passages of a corpus."""
    return mean_length(np.load(folder / LENGTHS))


def write_weights(folder: Path) -> None:
    """Write the weights of the pieces of a corpus that have none."""
    lengths = np.load(folder / LENGTHS)
    mean, by_place = mean_length(lengths), places_in(folder).by_place(lengths, 0)
    for piece in piece_folders(folder):
        if not (piece / WEIGHTS).exists():
            _write_weights(piece, by_place, mean)


def _write_weights(piece: Path, lengths: npt.NDArray[np.int32], mean: float) -> None:
    with ArrayFile(piece / WEIGHTS, np.float32) as weights:
        for begin in range(0, len(opened(piece / COUNTS)), _IN_MEMORY):
            entries = slice(begin, begin + _IN_MEMORY)
            rows = part(piece / "rows.npy", entries)
            weights.append(saturated(part(piece / COUNTS, entries).astype(np.int64), lengths[rows], mean))


class _Moved:
    """Postings in the files of a piece, as they take part in others.

    Attributes:
        keys: Hashes of the terms.
        starts: Where the entries of each begin, and where the last ends.
        at: Place of each term among those of all that take part.
    """

    def __init__(self, piece: Path, prefix: str, moved: Numbers) -> None:
        """Open the postings of passages that move to these places; -1 for those that are gone."""
        self._rows, self._counts = (piece / f"{prefix}{name}.npy" for name in ("rows", "counts"))
        self._moved = moved
        self.keys, self.starts = np.load(piece / f"{prefix}keys.npy"), np.load(piece / f"{prefix}starts.npy")
        self.at = np.empty(0, np.int64)

    def entries(self, first: int, last: int) -> tuple[Numbers, Numbers, npt.NDArray[np.uint16]]:
        """Return term, place and count of the entries of a range of all terms, without those of passages gone."""
        begin, end = np.searchsorted(self.at, [first, last])
        terms = np.repeat(self.at[begin:end], np.diff(self.starts[begin : end + 1]))
        entries = slice(self.starts[begin], self.starts[end])
        places, counts = self._moved[part(self._rows, entries)], part(self._counts, entries)
        there = places >= 0
        return terms[there], places[there], counts[there]


def merge_postings(pieces: Sequence[tuple[Path, Numbers]], folder: Path, prefix: str) -> None:
    """Write the postings of the passages of several pieces as those of one, but for weights.

    Args:
        pieces: Folder of each piece, and where the passage in each of its places goes: -1 for those that are gone.
        folder: Where the files are written.
        prefix: Of the files' names.
    """
    moved = [_Moved(piece, prefix, where) for piece, where in pieces]
    keys = np.unique(np.concatenate([one.keys for one in moved]))
    number = np.zeros(len(keys), np.int64)
    for one in moved:
        one.at = np.searchsorted(keys, one.keys)
        number[one.at] += np.diff(one.starts)
    frequency, size = np.zeros(len(keys), np.int64), max(int(where.max(initial=0)) for _, where in pieces) + 1
    with (
        ArrayFile(folder / f"{prefix}rows.npy", np.int32) as rows,
        ArrayFile(folder / f"{prefix}counts.npy", np.uint16) as counts,
    ):
        for first, last in _ranges(np.cumsum([0, *number])):
            entries = zip(*(one.entries(first, last) for one in moved), strict=True)
            terms, places, times = map(np.concatenate, entries)
            frequency[first:last] = np.bincount(terms - first, minlength=last - first)
            order = np.argsort(terms * size + places, kind="stable")  # quick, as it merges sorted parts
            rows.append(places[order])
            counts.append(times[order])
    np.save(folder / f"{prefix}keys.npy", keys[frequency > 0])
    np.save(folder / f"{prefix}starts.npy", np.cumsum([0, *frequency[frequency > 0]], dtype=np.int64))


def _ranges(starts: Numbers) -> Iterator[tuple[int, int]]:
    """Yield the terms from first to last, such that each range but those of one term has few entries."""
    cuts = np.searchsorted(starts, np.arange(_IN_MEMORY, starts[-1], _IN_MEMORY))
    yield from pairwise(np.unique([0, *cuts, len(starts) - 1]).tolist())
