"""One evaluation of a release, and the questions that represent its accuracy."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from xnai_pipelines.evaluation.report import Level
from xnai_pipelines.questions.question import Origin, Split

MODES = ("vector", "hybrid")
_TEXTS = ("question_id", "origin", "split", "language", "folder", "mode", "error")
_COLUMNS = (*_TEXTS, "ndcg_at_10", "success_at_10", "latency_ms")

Chosen: TypeAlias = tuple[str, str | None]
"""Origin and split of the questions that represent accuracy. Split None means all splits."""


@dataclass(frozen=True, eq=False)
class LoggedEvaluation:
    """One evaluation: run, time (UTC), release and rows.

    `questions` has the schema `PER_QUESTION`. Only rows of level document are read; other levels may be missing.
    """

    run_id: str
    evaluated_at: datetime
    release: int
    questions: pa.Table

    def __post_init__(self) -> None:
        if self.evaluated_at.tzinfo is None:
            raise ValueError(
                f"The time {self.evaluated_at} of evaluation {self.run_id} has no time zone. Give it in UTC."
            )

    @cached_property
    def rows(self) -> pa.Table:
        """The rows of level document, with the columns that are judged."""
        # A mask, because an expression starts a query plan, which takes longer than a scan of a few hundred rows.
        return self.questions.select(_COLUMNS).filter(pc.equal(self.questions["level"], Level.DOCUMENT.value))

    def of_mode(self, mode: str) -> pa.Table:
        """Return the rows of one search mode."""
        return self.rows.filter(pc.equal(self.rows["mode"], mode))

    def chosen(self) -> Chosen | None:
        """Return which questions represent accuracy, None if there are none.

        These are the labelled questions of the test split, or all labelled ones if there are none, or else the
        generated ones by the same rule. An evaluation's headline uses the same choice.
        """
        there = set(zip(self.rows["origin"].to_pylist(), self.rows["split"].to_pylist(), strict=True))
        for origin in Origin:
            if (origin, Split.TEST) in there:
                return origin, Split.TEST
            if any(origin == other for other, _ in there):
                return origin, None
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The chosen questions of one mode that were answered, column by column.

    Attributes:
        question_ids: Distinct question ids.
        ndcg: nDCG@10, float64 [n].
        found: Whether a right document is in the top 10, bool [n].
        columns: Language and folder by name, object [n].
        asked: Ids of all chosen questions, including those whose search raised.
    """

    question_ids: list[str]
    ndcg: NDArray[np.float64]
    found: NDArray[np.bool_]
    columns: dict[str, NDArray[np.object_]]
    asked: frozenset[str]


def answers(evaluation: LoggedEvaluation, mode: str, chosen: Chosen) -> Answers:
    """Return each chosen question's answer.

    A search that raised is dropped here, because it tells nothing about accuracy. It is counted as an error.
    """
    origin, split = chosen
    rows = evaluation.of_mode(mode)
    wanted = pc.equal(rows["origin"], origin)
    rows = rows.filter(wanted if split is None else pc.and_(wanted, pc.equal(rows["split"], split)))
    asked = frozenset(rows["question_id"].to_pylist())
    rows = rows.filter(rows["error"].is_null())
    return Answers(
        question_ids=rows["question_id"].to_pylist(),
        ndcg=rows["ndcg_at_10"].to_numpy(),
        found=rows["success_at_10"].to_numpy() > 0,
        columns={name: rows[name].to_numpy() for name in ("language", "folder")},
        asked=asked,
    )
