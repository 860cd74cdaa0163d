"""BM25 of whole documents, of which each passage has a share. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from xnai_pipelines.search.postings import K1, B, Postings, Scores, rarity

# Chosen on the train questions of the sample (.787 to .795) and XQuAD in Russian (.951 to .961).
WORDS_SHARE = np.float32(0.5)


@dataclass(frozen=True, eq=False)
class DocumentWords:
    """The words of m documents.

    Attributes:
        postings: The terms of their n passages.
        documents: The document of each passage, counted from 0: int32 [n].
        lengths: Number of terms of each passage: int32 [n].
        readable: Which passages there are: bool [n]; None for all.
    """

    postings: Postings
    documents: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int32]
    readable: npt.NDArray[np.bool_] | None = None

    def shared(self, passages: Scores, asked: Mapping[tuple[str, ...], float]) -> Scores:
        """Return the BM25 scores of passages with a share of their documents': float32 [n].

        An answer may be parted from the words that name its subject, the more so the shorter passages are. A passage
        without a word of the question keeps 0.

        Args:
            passages: BM25 scores of the passages: float32 [n].
            asked: Words with their weights, each as the terms that it is in the languages.
        """
        if self._number == len(self.documents):
            return passages
        found = np.flatnonzero(passages > 0)
        shared = (1 - WORDS_SHARE) * passages
        shared[found] += WORDS_SHARE * self._scores(asked)[self.documents[found]]
        return shared

    def _scores(self, asked: Mapping[tuple[str, ...], float]) -> Scores:
        """Return the BM25 score of every document: float32 [m]."""
        scores = np.zeros(self._number, np.float32)
        for terms, weight in asked.items():
            times = self._times(terms)
            documents = np.flatnonzero(times > 0)
            number = times[documents]
            rare = rarity(self._there, len(documents))
            scores[documents] += weight * rare * number * (K1 + 1) / (number + self._norms[documents])
        return scores

    def _times(self, terms: tuple[str, ...]) -> npt.NDArray[np.float64]:
        """Return how often each document has one of the terms: float64 [m]."""
        places, counts, postings = [np.empty(0, np.int32)], [np.empty(0, np.uint16)], self.postings
        for term in terms:
            for piece, times, entries in zip(postings.pieces, postings.times, postings.of(term), strict=True):
                places.append(piece.places[entries])
                counts.append(times[entries])
        documents = self._of_places.take(np.concatenate(places))
        return np.bincount(documents, np.concatenate(counts), self._number + 1)[:-1].astype(np.float64, copy=False)

    @cached_property
    def _of_places(self) -> npt.NDArray[np.int32]:
        """The document of the passage in each place, their number if there is none that may be read: int32 [places]."""
        documents = self.documents
        if self.readable is not None:
            documents = np.where(self.readable, documents, np.int32(self._number))
        return self.postings.places.by_place(documents, self._number)

    @cached_property
    def _number(self) -> int:
        return int(self.documents.max(initial=-1)) + 1

    @cached_property
    def _there(self) -> int:
        """The number of documents that may be read."""
        return self._number if self.readable is None else len(np.unique(self.documents[self.readable]))

    @cached_property
    def _norms(self) -> npt.NDArray[np.float64]:
        lengths = np.bincount(self.documents, self.lengths, self._number)
        norms: npt.NDArray[np.float64] = K1 * (1 - B + B * lengths / max(1.0, lengths.mean()))
        return norms
