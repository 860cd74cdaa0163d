"""The ranking policy of a release: how much the vectors count in hybrid search. Pure."""

from dataclasses import dataclass
from typing import Self

from xnai_pipelines.state.manifest import Release

DEFAULT_WEIGHT = 0.5  # best or nearly so on every corpus tried, where the encoder knows the language
FEW = 10  # passages
STRANGE_SHARE = 0.2  # of the weight that vectors keep for a question whose writing the encoder does not know


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
    """

    vector_weight: float = DEFAULT_WEIGHT
    questions: int = 0
    correct_typos: bool = True
    reranker: str | None = None
    graph_weight: float = 0.0

    def weight_for(self, familiarity: float, found: int) -> float:
        """Return the vectors' share for a question, 0 to 1.

        Args:
            familiarity: How well the encoder knows the question's writing, 0 to 1.
            found: Number of passages that contain a word of the question. A few that do are likely to be meant, and
                the vectors then count at most as much as the words.
        """
        weight = self.vector_weight * (STRANGE_SHARE + (1 - STRANGE_SHARE) * familiarity)
        return min(weight, DEFAULT_WEIGHT) if 0 < found <= FEW else weight

    @classmethod
    def of(cls, release: Release) -> Self:
        """Return the policy in the release's manifest, the default if none was chosen."""
        return cls(**release.ranking) if release.ranking else cls()
