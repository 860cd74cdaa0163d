"""Champion against challenger on the same questions, the gate between them, and the record of each decision."""

from xnai_pipelines.promotion.comparing import LEAST_QUESTIONS, compare
from xnai_pipelines.promotion.comparison import (
    COMPARED_METRICS,
    MODES,
    ChangedQuestion,
    Compared,
    Comparison,
    Contender,
)
from xnai_pipelines.promotion.decision import (
    Decision,
    DecisionError,
    Outcome,
    approve,
    decisions,
    outcome_of,
    read_decision,
    write_decision,
)
from xnai_pipelines.promotion.gate import Gate, RuleResult, Target, Verdict, judge
from xnai_pipelines.promotion.markdown import comparison_markdown, comparison_table, verdict_markdown
from xnai_pipelines.promotion.plots import comparison_plot

__all__ = [
    "COMPARED_METRICS",
    "LEAST_QUESTIONS",
    "MODES",
    "ChangedQuestion",
    "Compared",
    "Comparison",
    "Contender",
    "Decision",
    "DecisionError",
    "Gate",
    "Outcome",
    "RuleResult",
    "Target",
    "Verdict",
    "approve",
    "compare",
    "comparison_markdown",
    "comparison_plot",
    "comparison_table",
    "decisions",
    "judge",
    "outcome_of",
    "read_decision",
    "verdict_markdown",
    "write_decision",
]
