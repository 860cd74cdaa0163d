"""BM25 over terms: which passages contain a term, and how much it adds to the score of each. Pure.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009; as in bm25s (Lu, 2024), what a
term adds to a passage is computed when the index is built, but for the term's rarity, which each edit changes.
"""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from math import log1p
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from xnai_pipelines.search.places import Places, joined
from xnai_pipelines.search.stems import STEM_MARK, stem

K1 = 1.2
B = 0.75
DECOMPOUNDED = ("da", "de", "et", "fi", "hu", "nl", "no", "sv")
_REMEMBERED = 4_096  # terms
_SHORTEST_PART = 4  # letters
_LINKS = re.compile(r"(?:es|en|er|s|n|e)$")  # between the parts of a compound

Scores = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int32]
There = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """The places of v terms in one piece of a corpus.

    Attributes:
        keys: Hashes of the terms, sorted: uint64 [v].
        starts: Where each term's entries begin, and where the last ends: int64 [v + 1].
        places: The places that have each term, ascending: int32 [entries].
    """

    keys: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int64]
    places: Rows

    def at(self, terms: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return which of the keys each term's is, -1 for terms that no place has: int64 [number of terms]."""
        keys = hashed(terms)
        at = np.minimum(np.searchsorted(self.keys, keys), max(len(self.keys) - 1, 0))
        return np.where(self.keys[at] == keys, at, -1) if len(self.keys) else np.full(len(keys), -1)

    def entries(self, key: np.uint64) -> slice:
        """Return which entries are a term's."""
        at = int(self.keys.searchsorted(key))
        if at == len(self.keys) or self.keys[at] != key:
            return slice(0, 0)
        return slice(int(self.starts[at]), int(self.starts[at + 1]))


@dataclass(frozen=True, slots=True, eq=False)
class Frequencies:
    """How many passages have each of v terms.

    Attributes:
        keys: Hashes of the terms, sorted: uint64 [v].
        numbers: int64 [v].
    """

    keys: npt.NDArray[np.uint64]
    numbers: npt.NDArray[np.int64]

    def of(self, term: str) -> int:
        """Return how many have a term."""
        key = hashed([term])[0]
        at = int(self.keys.searchsorted(key))
        return int(self.numbers[at]) if at < len(self.keys) and self.keys[at] == key else 0

    def plus(self, other: Self) -> Self:
        """Return how many of the passages of both have each term."""
        keys, at = np.unique(np.concatenate([self.keys, other.keys]), return_inverse=True)
        numbers = np.zeros(len(keys), np.int64)
        np.add.at(numbers, at, np.concatenate([self.numbers, other.numbers]))
        return type(self)(keys, numbers)


@dataclass(frozen=True, slots=True, eq=False)
class Inverted:
    """An inverted index of n passages: which have a term.

    Attributes:
        pieces: The terms of each piece.
        places: Where the passages are.
        remembered: Entries of terms that were asked for: a question asks for each of its terms several times.
    """

    pieces: tuple[Terms, ...]
    places: Places
    remembered: dict[str, tuple[slice, ...]] = field(default_factory=dict, init=False, repr=False)

    def of(self, term: str) -> tuple[slice, ...]:
        """Return which entries of each piece are the term's."""
        found = self.remembered.get(term)
        if found is None:
            if len(self.remembered) >= _REMEMBERED:
                self.remembered.clear()
            key = hashed([term])[0]
            found = self.remembered[term] = tuple(piece.entries(key) for piece in self.pieces)
        return found

    def containing(self, term: str) -> Rows:
        """Return the passages that contain the term, ascending: int32 [m]."""
        places = self._found(term)
        if self.places.are_rows and len(places) == 1:
            return places[0]
        rows = self.places.rows.take(joined(places))
        return np.sort(rows[rows >= 0], kind="stable")

    def has(self, term: str, row: int) -> bool:
        """Return whether a passage contains the term."""
        place = self.places.of_rows[row]
        return any(_holds(some, place) for some in self._found(term))

    def among(self, terms: Sequence[str]) -> list[Rows]:
        """Return the passages of each of many terms that any has, as `containing` does; most are in none."""
        known = np.any([piece.at(terms) >= 0 for piece in self.pieces], axis=0)
        found = (self.containing(term) for term, is_known in zip(terms, known, strict=True) if is_known)
        return [rows for rows in found if len(rows)]

    def _found(self, term: str) -> list[Rows]:
        """Return the places in each piece that have the term."""
        return [piece.places[entries] for piece, entries in zip(self.pieces, self.of(term), strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class Postings(Inverted):
    """An inverted index that tells how often passages have a term, and scores them by it.

    Attributes:
        weights: What each entry adds to the BM25 score of its place, but for the term's rarity: float32 [entries] of
            each piece.
        times: How often the place has the term: uint16 [entries] of each piece.
        gone: The terms of the passages that are gone but still in a piece.
    """

    weights: tuple[Scores, ...]
    times: tuple[npt.NDArray[np.uint16], ...]
    gone: Frequencies

    def number(self, term: str, readable: There | None = None) -> int:
        """Return how many passages contain the term, of those in readable places: bool [places], None for all."""
        found = self._found(term)
        if readable is None:
            return sum(map(len, found)) - self.gone.of(term)
        return sum(int(np.count_nonzero(readable.take(some))) for some in found)

    def counts(self, at: Sequence[npt.NDArray[np.int64]], there: There) -> npt.NDArray[np.int64]:
        """Return how many places that are there have each of m terms: int64 [m].

        Args:
            at: What `Terms.at` of each piece returns for the terms.
            there: bool [places].
        """
        total = np.zeros(len(at[0]), np.int64)
        for piece, found in zip(self.pieces, at, strict=True):
            before = np.concatenate([[0], np.cumsum(there[piece.places])])
            total += np.where(found < 0, 0, before[piece.starts[found + 1]] - before[piece.starts[found]])
        return total

    def scores(
        self, asked: Mapping[tuple[str, ...], float], passages: int, number: Callable[[str], int] | None = None
    ) -> Scores:
        """Return the BM25 score of every place: float32 [places].

        Args:
            asked: Words with their weights, each word as the terms that it is in the languages. A word is as rare as
                it is in all of them, or a few passages in another language would be before all others. A term counts
                in the first word that has it.
            passages: Number of passages that may be read; what the others score says nothing.
            number: Returns how many of these contain a term.
        """
        places, added = [np.empty(0, np.int32)], [np.empty(0, np.float32)]
        counted = set[str]()
        for word, weight in asked.items():
            terms = [term for term in word if term not in counted]
            counted.update(terms)
            factor = np.float32(weight * rarity(passages, sum(map(number or self.number, terms))))
            for term in terms:
                for piece, weights, entries in zip(self.pieces, self.weights, self.of(term), strict=True):
                    places.append(piece.places[entries])
                    added.append(factor * weights[entries])
        scores = np.zeros(self.places.number, np.float32)
        np.add.at(scores, np.concatenate(places), np.concatenate(added))
        return scores


def hashed(terms: Iterable[str]) -> npt.NDArray[np.uint64]:
    """Return the keys of terms: 64 bits of BLAKE2b; two of a million terms share one with a probability of 3e-8."""
    return np.frombuffer(b"".join(blake2b(term.encode(), digest_size=8).digest() for term in terms), "<u8")


def _holds(places: Rows, place: int) -> bool:
    """Return whether ascending places hold a place."""
    at = int(places.searchsorted(place))
    return at < len(places) and int(places[at]) == place


def mean_length(lengths: npt.NDArray[np.int32]) -> float:
    """Return the mean number of terms of passages, to three digits: most edits leave it, and the weights, as it is."""
    return float(f"{lengths.sum(dtype=np.int64) / len(lengths):.3g}") if lengths.any() else 1.0


def saturated(times: npt.NDArray[Any], lengths: npt.NDArray[Any], mean: float) -> npt.NDArray[np.float64]:
    """Return what so many occurrences in passages of these lengths add to a score, but for the term's rarity."""
    return times * (K1 + 1) / (times + K1 * (1 - B + B * lengths / mean))


def rarity(passages: int, containing: int) -> float:
    """Return the inverse document frequency of a term that so many of the passages contain."""
    return log1p((passages - containing + 0.5) / (containing + 0.5))


def compound_parts(term: str, known: Container[str]) -> Iterator[str]:
    """Yield the known stems that a stem is composed of, from left to right; nothing in languages that part compounds.

    The longest known first part is taken, then the rest in the same way; a rest that is not known ends the split, and
    the parts found so far count only if the last one is known too.
    """
    language, mark, word = term.partition(STEM_MARK)
    if not mark or language not in DECOMPOUNDED or len(word) < 2 * _SHORTEST_PART:
        return
    parts = _split(word, language, known)
    if parts and len(parts) > 1:
        yield from parts


def _split(word: str, language: str, known: Container[str], depth: int = 4) -> list[str] | None:
    for end in range(len(word) - _SHORTEST_PART, _SHORTEST_PART - 1, -1):
        first, last = word[:end], word[end:]
        part = _known(first, _LINKS.sub("", first), language, known)
        if part is None:
            continue
        if whole := _known(last, last, language, known):
            return [part, whole]
        rest = _split(last, language, known, depth - 1) if depth else None
        if rest is not None:
            return [part, *rest]
    return None


def _known(part: str, unlinked: str, language: str, known: Container[str]) -> str | None:
    """Return the known stem that a part of a compound is, as it stands or stemmed, with its link or without."""
    mark = f"{language}{STEM_MARK}"
    stems = (mark + part, mark + unlinked, stem(part, language), stem(unlinked, language))
    return next((one for one in stems if one in known and len(one) >= len(mark) + _SHORTEST_PART), None)
