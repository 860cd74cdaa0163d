"""What passages are ranked by: the scores of each part of search for a question, and their weighted sum."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.search.corpus import Corpus
from xnai_pipelines.search.keyword import KeywordSearch, best_found
from xnai_pipelines.search.policy import RankingPolicy
from xnai_pipelines.search.query import Asked
from xnai_pipelines.search.ranking import Estimates, Scores, Unspoken, estimated_sum
from xnai_pipelines.search.vector_index import all_compared, some_compared

TITLED = np.float32(1.0)  # standardised: added for a document whose whole title is in the question
FOUND = 1_000  # best passages by words whose vectors are compared, whichever are candidates
FIRST = np.float32(100.0)  # added for each identifier or phrase: more than other scores differ by

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Scoring:
    """The scores that a policy gives the passages of a corpus.

    Attributes:
        corpus: n passages.
        keyword: The words of those that may be read.
        encoder: Encoder of their vectors.
        policy: How the parts are weighted.
        readable: Which passages may be read: bool [n]; None for all.
        candidates: Passages whose vectors are compared; None for all of them.
    """

    corpus: Corpus
    keyword: KeywordSearch
    encoder: Encoder
    policy: RankingPolicy
    readable: npt.NDArray[np.bool_] | None = None
    candidates: int | None = None

    def by_vector(self, text: str, keyword: Scores | None = None, *, exact: bool = False) -> Estimates:
        """Return the similarity of every passage; approximate search compares the candidates and those found.

        Args:
            text: The question.
            keyword: The BM25 scores of its passages, if they are searched too.
            exact: Whether to compare all vectors in any case.
        """
        vector = self.encoder.encode_query(text)
        if exact or self.candidates is None:
            return all_compared(self.corpus, vector)
        found = None if keyword is None else best_found(keyword, FOUND)
        return some_compared(self.corpus, vector, self.candidates, found)

    def totals(self, what: Asked, vector: Estimates | None, keyword: Scores) -> Estimates:
        """Return what passages are ranked by; of keyword search alone -inf for those that it does not find."""
        if vector is None:
            return Estimates(np.where(keyword > 0, keyword, np.float32(-np.inf)) + self._added(what, titles=False))
        return self.fusing(what, vector, keyword)(self.policy)

    def fusing(self, what: Asked, vector: Estimates, keyword: Scores) -> Callable[[RankingPolicy], Estimates]:
        """Return what gives the totals by a policy of other weights; what does not depend on these is computed once."""
        weighed = self._weighed(what.text, keyword)
        added, unspoken = self._added(what, titles=True), self._unspoken(what.text, keyword)

        def fused(policy: RankingPolicy) -> Estimates:
            return estimated_sum(
                vector, keyword, weight=weighed(policy), added=added, readable=self.readable, unspoken=unspoken
            )

        return fused

    def weight(self, text: str, keyword: Scores) -> float:
        """Return the share of the vectors for a question whose passages have these BM25 scores."""
        return self._weighed(text, keyword)(self.policy)

    def _weighed(self, text: str, keyword: Scores) -> Callable[[RankingPolicy], float]:
        writing, known = self.encoder.query_writing(text), self._known_language(keyword)
        explained, found = self.keyword.explained(text, keyword), int(np.count_nonzero(keyword > 0))
        return lambda policy: policy.weight_for(writing, explained=explained, found=found, known=known)

    def familiarity(self, text: str) -> float:
        """Return how well the encoder knows a question's writing and the language of its passages, 0 to 1."""
        return self._familiarity(text, self.keyword.scores(text))

    def _familiarity(self, text: str, keyword: Scores) -> float:
        return min(self.encoder.query_writing(text).familiarity, self._known_language(keyword))

    def _unspoken(self, text: str, keyword: Scores) -> list[Unspoken]:
        """Return the passages in languages that a question is not in, as far as the encoder is known to know them.

        Approximate search finds too few of a language to tell the scale of its similarities.
        """
        known = self.policy.languages
        languages = self.keyword.languages
        if self.candidates or sum(known.get(name, 0.0) > 0 for name in languages.names) < 2:
            return []
        familiarity = self._familiarity(text, keyword)
        spoken = self.keyword.spoken(text, keyword)
        # a language with half of the words may be the question's own
        shares = {name: familiarity * known.get(name, 0.0) * (1 - 2 * spoken[name]) for name in languages.names}
        return [Unspoken(languages.of(name), share) for name, share in shares.items() if share > 0]

    def _known_language(self, keyword: Scores) -> float:
        """Return how well the encoder knows the languages of the best passages by words, 0 to 1.

        A question is too short to tell its language; the passages that have its words tell it.
        """
        if all(known == 1 for known in self.policy.languages.values()):
            return 1.0
        languages = self.corpus.values("language", best_found(keyword).tolist())
        known = [self.policy.languages.get(language or "", 1.0) for language in languages]
        return sum(known) / len(known) if known else 1.0

    def _added(self, what: Asked, *, titles: bool) -> Scores | np.float32:
        """Return what identifiers, phrases and the document's title add to a passage's score: float32 [n], or 0."""
        first = [*map(self.keyword.containing, self.keyword.lookups(what.text)), *self.keyword.phrases(what)]
        titled = self.keyword.titled(what.text) if titles else []
        if not first and not titled:
            return np.float32(0)
        added = np.zeros(len(self.corpus.passages), np.float32)
        for rows in first:
            added[rows] += FIRST
        for rows in titled:
            added[rows] += TITLED
        return added
