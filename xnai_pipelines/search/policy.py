"""The ranking policy of a release: how much the vectors count in hybrid search. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from xnai_pipelines.encoders.writing import Writing
from xnai_pipelines.state.manifest import Release

DEFAULT_WEIGHT = 0.5  # best or nearly so on every corpus tried, where the encoder knows the language
FEW = 10  # passages
STRANGE_SHARE = 0.2  # of the weight that vectors keep for a question whose language the encoder does not know


@dataclass(frozen=True, slots=True)
class RankingPolicy:
    """How hybrid search ranks.

    Attributes:
        vector_weight: Share of the vectors in the sum of both parts' standardised scores, 0 to 1.
        questions: Number of questions that it was chosen on; 0 if it was not chosen.
        correct_typos: Whether a word that no passage contains is searched for as the most similar one that does.
        reranker: What compares the best passages again: "tokens", or the name of a cross-encoder's folder; None for
            nothing.
        graph_weight: Weight of what the knowledge graph adds to the score of a passage that it leads to; 0 without it.
        languages: How well the encoder knows each of the corpus' languages, 0 to 1; "" is passages without a language.
            One that is not there was not measured.
    """

    vector_weight: float = DEFAULT_WEIGHT
    questions: int = 0
    correct_typos: bool = True
    reranker: str | None = None
    graph_weight: float = 0.0
    languages: Mapping[str, float] = field(default_factory=dict)

    def weight_for(self, writing: Writing, *, explained: float, found: int, known: float = 1.0) -> float:
        """Return the vectors' share for a question, 0 to 1.

        Words count less if no passage has many of the question's: the few that have one by accident would be before all
        others. Vectors count less in a language that the encoder does not know, and words then keep their weight.

        Args:
            writing: What the encoder's tokenizer makes of the question.
            explained: How much of the question the best passage by words contains, 0 to 1.
            found: Number of passages that contain a word of the question. A few that do are likely to be meant, and
                the vectors then count at most as much as the words.
            known: How well the encoder knows the language of the passages that the words find, 0 to 1. A question in
                a writing that it knows less is known less.
        """
        known = min(known, writing.familiarity)
        weight = min(self.vector_weight, DEFAULT_WEIGHT) if 0 < found <= FEW else self.vector_weight
        vectors = weight * (STRANGE_SHARE * (1 - writing.unknown_share) + (1 - STRANGE_SHARE) * known)
        keyword = (1 - vectors) * (1 - known * (1 - explained**3))
        return vectors / (vectors + keyword) if vectors else 0.0

    @classmethod
    def of(cls, release: Release) -> Self:
        """Return the policy in the release's manifest, the default if none was chosen."""
        return cls(**release.ranking) if release.ranking else cls()
