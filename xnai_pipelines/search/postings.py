"""BM25 over terms: which passages contain a term, and how much it adds to the score of each. Pure.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009; as in bm25s (Lu, 2024), what a
term adds to a passage is computed when the index is built.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from xnai_pipelines.search.stems import STEM_MARK, stem

K1 = 1.2
B = 0.75
DECOMPOUNDED = ("da", "de", "et", "fi", "hu", "nl", "no", "sv")
_REMEMBERED = 4_096  # terms
_SHORTEST_PART = 4  # letters
_LINKS = re.compile(r"(?:es|en|er|s|n|e)$")  # between the parts of a compound

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Postings:
    """An inverted index of n passages and v terms.

    Attributes:
        keys: Hashes of the terms, sorted: uint64 [v].
        starts: Where each term's entries begin, and where the last ends: int64 [v + 1].
        rows: The passages of each term, ascending: int32 [entries].
        weights: What the term adds to the BM25 score of the passage: float32 [entries].
        times: How often the passage has the term: uint16 [entries].
        passages: n.
        remembered: Entries of terms that were asked for: a question asks for each of its terms several times.
    """

    keys: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]
    weights: Scores
    times: npt.NDArray[np.uint16]
    passages: int
    remembered: dict[str, slice] = field(default_factory=dict, init=False, repr=False)

    def of(self, term: str) -> slice:
        """Return which entries are the term's; none if no passage contains it."""
        found = self.remembered.get(term)
        if found is None:
            if len(self.remembered) >= _REMEMBERED:
                self.remembered.clear()
            found = self.remembered[term] = self._entries(term)
        return found

    def _entries(self, term: str) -> slice:
        key = hashed([term])[0]
        at = int(self.keys.searchsorted(key))
        if at == len(self.keys) or self.keys[at] != key:
            return slice(0, 0)
        return slice(int(self.starts[at]), int(self.starts[at + 1]))

    def places(self, terms: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return which of the keys each term's is, -1 for terms that no passage contains: int64 [number of terms]."""
        keys = hashed(terms)
        at = np.minimum(np.searchsorted(self.keys, keys), max(len(self.keys) - 1, 0))
        return np.where(self.keys[at] == keys, at, -1) if len(self.keys) else np.full(len(keys), -1)

    def counts(self, places: npt.NDArray[np.int64], readable: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Return how many readable passages contain each term, given by its place: int64 [number of terms]."""
        before = np.concatenate([[0], np.cumsum(readable[self.rows])])
        counted = before[self.starts[places + 1]] - before[self.starts[places]]
        return np.where(places < 0, 0, counted)

    def among(self, terms: Sequence[str]) -> list[npt.NDArray[np.int32]]:
        """Return the passages of each of many terms that any has, as `containing` does; most are in none."""
        keys = hashed(terms)
        at = np.searchsorted(self.keys, keys)
        within = at < len(self.keys)
        found = at[within][self.keys[at[within]] == keys[within]]
        return [self.rows[self.starts[one] : self.starts[one + 1]] for one in found]

    def containing(self, term: str) -> npt.NDArray[np.int32]:
        """Return the passages that contain the term, ascending: int32 [m]."""
        return self.rows[self.of(term)]

    def scores(self, asked: Mapping[tuple[str, ...], float], readable: npt.NDArray[np.bool_] | None = None) -> Scores:
        """Return the BM25 score of every passage: float32 [n].

        Args:
            asked: Words with their weights, each word as the terms that it is in the languages. A word is as rare as
                it is in all of them, or a few passages in another language would be before all others. A term counts
                in the first word that has it.
            readable: Which passages there are: bool [n]. The others score 0, and a word is as rare as it is among
                those that are there.
        """
        scores = np.zeros(self.passages, np.float32)
        number = self.passages if readable is None else int(np.count_nonzero(readable))
        counted = set[str]()
        for terms, weight in asked.items():
            found = [self.of(term) for term in terms if term not in counted]
            counted.update(terms)
            rows = [self.rows[entries] for entries in found]
            there = [slice(None) if readable is None else readable[some] for some in rows]
            word = rarity(number, sum(len(some[kept]) for some, kept in zip(rows, there, strict=True)))
            for entries, some, kept in zip(found, rows, there, strict=True):
                factor = np.float32(weight * word / rarity(self.passages, len(some)))
                np.add.at(scores, some[kept], factor * self.weights[entries][kept])
        return scores


def hashed(terms: Iterable[str]) -> npt.NDArray[np.uint64]:
    """Return the keys of terms: 64 bits of BLAKE2b; two of a million terms share one with a probability of 3e-8."""
    return np.frombuffer(b"".join(blake2b(term.encode(), digest_size=8).digest() for term in terms), "<u8")


def rarity(passages: int, containing: Any) -> Any:
    """Return the inverse document frequency of terms that so many of the passages contain."""
    return np.log1p((passages - containing + 0.5) / (containing + 0.5))


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
