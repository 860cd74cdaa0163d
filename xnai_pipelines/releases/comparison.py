"""What comparing champion and challenger found: the contract between comparing, the gate, plots and MLflow."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pydantic import TypeAdapter

from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.evaluation.slices import OVERALL, Slice
from xnai_pipelines.questions.question import Origin
from xnai_pipelines.search.query import Mode

MODES: tuple[str, ...] = (str(Mode.HYBRID), str(Mode.VECTOR))  # keyword search asks no encoder
COMPARED_METRICS = ("ndcg_at_10", "recall_at_10", "mrr_at_10")
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """An encoder with its index, and what serving it costs; what was not measured is None.

    Attributes:
        release: Number of its release, the challenger's the one that it would get; None where it has none.
        vector_space: Names its vectors.
        encoder: The base encoder.
        precision: Of its weights, such as "int8".
        adapter: Id of the adapter merged into it, None for the base itself.
        model_bytes: All that a user ships for it.
        query_ms_p50: Median time of a query in milliseconds; both contenders' must be measured alike.
        query_ms_p95: Its 95th percentile.
    """

    release: int | None
    vector_space: str
    encoder: str
    precision: str
    adapter: str | None
    model_bytes: int
    query_ms_p50: float | None
    query_ms_p95: float | None


@dataclass(frozen=True, slots=True)
class Compared:
    """Both contenders in one search mode on the questions of one slice.

    `champion`, `challenger` and `difference` (challenger - champion, paired) have an estimate for each of
    `COMPARED_METRICS`. Wins, losses and ties are questions, by nDCG@10. All questions are of one origin.
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
        """The difference of nDCG@10."""
        return self.difference["ndcg_at_10"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedQuestion:
    """A question that the two answer differently, in the mode in which its nDCG@10 changed more.

    A rank is that of the first right document, None where none was found; `..._found` are the first sources found.
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
        challenger: What may take its place.
        questions_statement: Which questions were asked, in words.
        least: A slice with fewer questions is not compared.
        compared: By slice and mode, all questions first.
        whole: Slices that hold every question, so that their figures are those of all questions.
        changed: At most 20 of the questions that changed most, those that got better first.
        notes: What else a reader has to know, a sentence each.
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
        """Return the figures of a slice in a mode, None where it has too few questions."""
        wanted = (OVERALL if part in self.whole else part, mode)
        return next((compared for compared in self.compared if (compared.slice, compared.mode) == wanted), None)

    def to_json(self) -> str:
        """Return the comparison as JSON text."""
        return _adapter().dump_json(self, indent=2).decode()

    @classmethod
    def from_json(cls, text: str) -> "Comparison":
        """Return the comparison that `to_json` wrote.

        Raises:
            pydantic.ValidationError: The text is no such comparison; the message names the fields.
        """
        return _adapter().validate_json(text)


@cache  # built when one is read or written, not when the module is imported
def _adapter() -> TypeAdapter[Comparison]:
    return TypeAdapter(Comparison)
