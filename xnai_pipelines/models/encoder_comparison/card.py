"""The encoder card: the contract between measuring, the terminal and the Dagster face."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from xnai_pipelines.encoders.source import BESIDE
from xnai_pipelines.evaluation.intervals import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderFigures:
    """One encoder, as it would be served.

    Attributes:
        name: What XNAI_ENCODER takes to have it; for the current encoder, the model's name.
        variant: Its variant.
        current: Whether it is the current release's.
        vector_weight: Share of the vectors in hybrid search, chosen on the train and validation questions.
        chosen_on: Mean nDCG@10 of hybrid search on these; None if there are fewer than 30.
        hybrid: nDCG@10 of hybrid search on the test questions.
        vector: nDCG@10 of vector search on them.
        difference: Paired difference of hybrid to that of the current encoder; None for the current one.
        by_language: nDCG@10 of hybrid search by language of the answering document, if 30 questions have it.
        query_ms: Median time to encode a question.
        seconds_per_thousand: Time to encode 1,000 passages of the corpus.
        shipped_bytes: Size of its files, tokenizer included.
        vector_space: Its vector space, None in cards of earlier versions.
    """

    name: str
    variant: str
    current: bool
    vector_weight: float
    chosen_on: float | None
    hybrid: Estimate
    vector: Estimate
    difference: Estimate | None
    by_language: Mapping[str, Estimate] = field(default_factory=dict)
    query_ms: float
    seconds_per_thousand: float
    shipped_bytes: int
    vector_space: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderCard:
    """Encoders measured on one corpus in one run, the current one first.

    Attributes:
        made_at: Time of the measurement, UTC.
        questions: Questions of the figures, as a phrase.
        chosen_on: Number of train and validation questions.
        corpus: The chunks searched, as a phrase.
        threads: Number of passages encoded in parallel.
        encoders: The figures.
        failed: Why others could not be measured, by name.
    """

    made_at: datetime
    questions: str
    chosen_on: int
    corpus: str
    threads: int
    encoders: tuple[EncoderFigures, ...]
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def best(self) -> EncoderFigures | None:
        """The encoder with the highest mean on the train and validation questions; None if they are too few."""
        measured = [one for one in self.encoders if one.chosen_on is not None]
        return max(measured, key=lambda one: one.chosen_on or 0.0) if measured else None

    @property
    def conclusion(self) -> str:
        """What the figures say, and how to switch. Nothing is decided."""
        best = self.best
        if len(self.encoders) == 1:
            return f"There is nothing to compare {self.encoders[0].name} with. {OTHERS}"
        if best is None:
            return f"Fewer than 30 train and validation questions choose no encoder. {SWITCH}"
        if best.current:
            return f"The current encoder is the best on {self.chosen_on:,} train and validation questions. {SWITCH}"
        gain = best.difference
        on_test = f": {gain:+.3f} on the test questions" if gain else ""
        found = f"{best.name} is the best on {self.chosen_on:,} train and validation questions{on_test}. To switch:"
        if best.name.startswith(BESIDE):
            return f"{found} xnai retrain --encoder {best.name}"
        return f"{found} XNAI_ENCODER={best.name} xnai run --new-release"


SWITCH = "To switch: XNAI_ENCODER=NAME xnai run --new-release"
OTHERS = (
    "Name the folder of a model, set XNAI_ENCODER to a hub id, or install one that knows about 100 languages: "
    "pip install 'xnai-pipelines[multilingual]'"
)
