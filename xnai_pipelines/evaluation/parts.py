"""Whether hybrid search holds up against its own parts: vector and keyword search on the same questions. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.evaluation.intervals import CONFIDENCE, Estimate, paired_difference
from xnai_pipelines.evaluation.per_question import of_questions
from xnai_pipelines.evaluation.report import Headline, Level
from xnai_pipelines.evaluation.slices import OVERALL, Slice, in_slice, slices
from xnai_pipelines.search.query import Mode

MIN_QUESTIONS = 30  # of all or of a slice: the interval of a few questions is too narrow


@dataclass(frozen=True, slots=True)
class HybridLoss:
    """A slice in which hybrid search has a lower mean nDCG@10 than its better part, beyond chance.

    The more slices, the wider the interval of each: all together find a loss by chance in 5 % of the evaluations.
    """

    part: Slice
    better: Mode
    questions: int
    difference: Estimate

    @property
    def sentence(self) -> str:
        """The loss in words."""
        return f"{self.part}: hybrid {self.difference:+.3f} against {self.better} on {self.questions} questions"


def hybrid_losses(rows: pa.Table, headline: Headline) -> list[HybridLoss]:
    """Return the slices of the headline's questions that hybrid search loses to one of its parts.

    Args:
        rows: The evaluation's table, one row per question, level and mode.
        headline: Which questions.
    """
    asked = of_questions(rows, headline.origin, headline.split, Level.DOCUMENT)
    return list(_losses(asked))


def _losses(asked: pa.Table) -> Iterator[HybridLoss]:
    by_mode = {mode: asked.filter(pc.field("mode") == mode) for mode in Mode}
    hybrid = by_mode[Mode.HYBRID]
    if len(hybrid) < MIN_QUESTIONS:
        return
    parts = [OVERALL, *slices(hybrid, MIN_QUESTIONS)]
    confidence = 1 - (1 - CONFIDENCE) / len(parts)
    for part in parts:
        values = {mode: in_slice(table, part)["ndcg_at_10"].to_numpy() for mode, table in by_mode.items()}
        better = max((Mode.VECTOR, Mode.KEYWORD), key=lambda mode: float(np.mean(values[mode])))
        difference = paired_difference(values[better], values[Mode.HYBRID], seed=0, confidence=confidence)
        if difference.high < 0:
            yield HybridLoss(part, better, len(values[better]), difference)
