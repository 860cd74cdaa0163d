"""How well search answers questions: metrics with intervals, reports, their plots and their history."""

from xnai_pipelines.evaluation.asking import Ranking, Search
from xnai_pipelines.evaluation.evaluate import (
    CHUNKS_PER_SEARCH,
    Evaluation,
    evaluate,
    evaluation_fingerprint,
    question_set,
)
from xnai_pipelines.evaluation.history import PastEvaluation, metric_name, tracked_metrics
from xnai_pipelines.evaluation.intervals import Estimate, bootstrap_mean, bootstrap_means, paired_difference
from xnai_pipelines.evaluation.markdown import markdown_table, summary_markdown, worst_questions_markdown
from xnai_pipelines.evaluation.metrics import METRICS, best_first, first_relevant_rank, measure
from xnai_pipelines.evaluation.per_question import PER_QUESTION
from xnai_pipelines.evaluation.plots import modes_plot
from xnai_pipelines.evaluation.report import (
    Calls,
    EvaluationReport,
    Headline,
    Level,
    Section,
    Setting,
    WorstQuestion,
)
from xnai_pipelines.evaluation.slice_timeline import slice_figures, slices_plot
from xnai_pipelines.evaluation.slices import DIMENSIONS, OVERALL, DocumentFacts, Slice, in_slice, slices
from xnai_pipelines.evaluation.timeline import TIMELINE_COLUMNS, Event, EventKind, timeline_plot, timeline_rows

__all__ = [
    "CHUNKS_PER_SEARCH",
    "DIMENSIONS",
    "METRICS",
    "OVERALL",
    "PER_QUESTION",
    "TIMELINE_COLUMNS",
    "Calls",
    "DocumentFacts",
    "Estimate",
    "Evaluation",
    "EvaluationReport",
    "Event",
    "EventKind",
    "Headline",
    "Level",
    "PastEvaluation",
    "Ranking",
    "Search",
    "Section",
    "Setting",
    "Slice",
    "WorstQuestion",
    "best_first",
    "bootstrap_mean",
    "bootstrap_means",
    "evaluate",
    "evaluation_fingerprint",
    "first_relevant_rank",
    "in_slice",
    "markdown_table",
    "measure",
    "metric_name",
    "modes_plot",
    "paired_difference",
    "question_set",
    "slice_figures",
    "slices",
    "slices_plot",
    "summary_markdown",
    "timeline_plot",
    "timeline_rows",
    "tracked_metrics",
    "worst_questions_markdown",
]
