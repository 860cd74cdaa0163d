"""Whether accuracy has degraded and what to do about it: a pure decision over the history of evaluations."""

from xnai_pipelines.degradation.attempts import Attempt
from xnai_pipelines.degradation.decide import Decision, DriftSummary, decide
from xnai_pipelines.degradation.finding import NEW, Finding, Kind
from xnai_pipelines.degradation.findings import findings
from xnai_pipelines.degradation.memory import Action, Done, Memory, Standing
from xnai_pipelines.degradation.night import MODES, Night
from xnai_pipelines.degradation.thresholds import Thresholds

__all__ = [
    "MODES",
    "NEW",
    "Action",
    "Attempt",
    "Decision",
    "Done",
    "DriftSummary",
    "Finding",
    "Kind",
    "Memory",
    "Night",
    "Standing",
    "Thresholds",
    "decide",
    "findings",
]
