"""The result of comparing champion and challenger: the contract between comparing, the gate, plots and MLflow."""

from collections.abc import Mapping
from dataclasses import dataclass

from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.evaluation.slices import OVERALL, Slice
from xnai_pipelines.questions.question import Origin
from xnai_pipelines.search.query import Mode

MODES: tuple[str, ...] = (str(Mode.HYBRID), str(Mode.VECTOR))  # keyword search uses no encoder
COMPARED_METRICS = ("ndcg_at_10", "recall_at_10", "mrr_at_10")
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """An encoder with its index, and the cost of serving it; None: not measured.

    Attributes:
        release: Number of its release, for the challenger the number it would get; None if it has none.
        vector_space: Vector space of its vectors.
        encoder: Base encoder.
        variant: What is shipped, such as int8_dynamic.
        adapter: Id of the adapter merged into it, None for the base itself.
        model_bytes: Size of all files shipped for it.
        query_ms_p50: Median query time in milliseconds, measured the same way for both contenders.
        query_ms_p95: 95th percentile of the query time in milliseconds.
    """

    release: int | None
    vector_space: str
    encoder: str
    variant: str
    adapter: str | None
    model_bytes: int
    query_ms_p50: float | None
    query_ms_p95: float | None


@dataclass(frozen=True, slots=True)
class Compared:
    """Both contenders in one search mode on the questions of one slice.

    `champion`, `challenger` and `difference` (challenger - champion, paired) have an estimate for each of
    `COMPARED_METRICS`. Wins, losses and ties count questions, by nDCG@10. All questions are of one origin.
    """

    slice: Slice
    mode: str
    origin: Origin
    questions: int
    champion: Mapping[str, Estimate]
    challenger: Mapping[str, Estimate]
    difference: Mapping[str, Estimate]
    wins: int
    losses: int
    ties: int

    @property
    def ndcg(self) -> Estimate:
        """The difference in nDCG@10."""
        return self.difference["ndcg_at_10"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedQuestion:
    """A question that the two answer differently, in the mode in which its nDCG@10 changed more.

    A rank is that of the first relevant document, None if none was found; `..._found` are the first sources found.
    """

    question: str
    mode: str
    language: str | None
    folder: str | None
    relevant: tuple[str, ...]
    champion_rank: int | None
    challenger_rank: int | None
    champion_ndcg: float
    challenger_ndcg: float
    champion_found: tuple[str, ...]
    challenger_found: tuple[str, ...]

    @property
    def change(self) -> float:
        """The challenger's nDCG@10 minus the champion's."""
        return self.challenger_ndcg - self.champion_ndcg


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Champion and challenger on the same questions.

    Attributes:
        champion: What answers searches now.
        challenger: What may replace it.
        questions_statement: Which questions were asked, as a phrase.
        least: Min questions of a slice that is compared.
        compared: Figures by slice and mode, all questions first.
        whole: Slices that contain every question, so that their figures are those of all questions.
        changed: Up to 20 questions that changed the most, improved ones first.
        notes: What else a reader has to know, one sentence each.
    """

    champion: Contender
    challenger: Contender
    questions_statement: str
    least: int
    compared: tuple[Compared, ...]
    whole: tuple[Slice, ...]
    changed: tuple[ChangedQuestion, ...]
    notes: tuple[str, ...]

    def of(self, part: Slice, mode: str) -> Compared | None:
        """Return the figures of a slice in a mode, None if it has too few questions."""
        wanted = (OVERALL if part in self.whole else part, mode)
        return next((compared for compared in self.compared if (compared.slice, compared.mode) == wanted), None)
