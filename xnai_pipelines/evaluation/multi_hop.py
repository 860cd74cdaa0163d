"""What the knowledge graph is worth: every search mode by the number of documents that a question needs. Pure.

A question with one relevant document takes one hop, one with several takes several: all of them have to be found.
Copies are one document, any of which answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.evaluation.intervals import Estimate, bootstrap_mean, paired_difference
from xnai_pipelines.evaluation.per_question import of_questions
from xnai_pipelines.evaluation.report import Headline, Level
from xnai_pipelines.search.query import Mode

ROUTED = "routed"  # hybrid search with the weight that the ranking policy gives the graph
ALL = "all"
METRICS = ("recall_at_5", "all_support_at_10", "ndcg_at_10")
_SEVERAL = 3  # documents, from which on questions are counted together

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HopFigure:
    """A metric of a mode on the questions of some hops.

    Attributes:
        hops: "1", "2", "3+", or "all".
        questions: Number of questions.
        mode: vector, keyword, hybrid (without the graph), graph, or routed.
        metric: recall_at_5, ndcg_at_10, or all_support_at_10: the share of questions whose documents are all found.
        value: Its mean with the 95 % interval.
        gain: Its difference to hybrid, paired by question; None for hybrid.
    """

    hops: str
    questions: int
    mode: str
    metric: str
    value: Estimate
    gain: Estimate | None


def by_mode(rows: pa.Table, headline: Headline) -> dict[str, pa.Table]:
    """Return the headline's questions in each mode, in one order: rows of schema `PER_QUESTION`, of documents."""
    asked = of_questions(rows, headline.origin, headline.split, Level.DOCUMENT).sort_by("question_id")
    modes = set(asked["mode"].to_pylist())
    return {str(mode): asked.filter(pc.field("mode") == mode) for mode in Mode if mode in modes}


def figures_by_hops(asked: Mapping[str, pa.Table], contents: Mapping[str, str]) -> tuple[HopFigure, ...]:
    """Return the figures of all modes, by hops.

    Args:
        asked: Rows of the same questions by mode, hybrid among them.
        contents: What the sources say; copies say the same. A source that is not among them is no copy.
    """
    hybrid = asked[Mode.HYBRID]
    needed = hybrid["relevant_sources"].to_pylist()
    hops = np.minimum(_SEVERAL, [len({contents.get(source, source) for source in sources}) for sources in needed])
    groups = {ALL: np.ones(len(hops), bool)} | {_label(count): hops == count for count in np.unique(hops).tolist()}
    values = {mode: _values(rows) for mode, rows in asked.items()}
    return tuple(
        _figure(group, mode, metric, values[mode][metric][chosen], values[Mode.HYBRID][metric][chosen])
        for group, chosen in groups.items()
        for mode in asked
        for metric in METRICS
    )


def _values(rows: pa.Table) -> dict[str, Values]:
    found = {metric: rows[metric].to_numpy() for metric in ("recall_at_5", "ndcg_at_10")}
    return {**found, "all_support_at_10": (rows["recall_at_10"].to_numpy() == 1.0).astype(np.float64)}


def _label(hops: int) -> str:
    return f"{hops}+" if hops == _SEVERAL else str(hops)


def _figure(hops: str, mode: str, metric: str, values: Values, hybrid: Values) -> HopFigure:
    gain = None if mode == Mode.HYBRID else paired_difference(hybrid, values, seed=0)
    return HopFigure(hops, len(values), mode, metric, bootstrap_mean(values, seed=0), gain)
