"""Decisions on challengers as records, without a comparison behind them."""

from datetime import UTC, datetime
from typing import Any

from xnai_pipelines.releases.decision import PromotionDecision, PromotionOutcome
from xnai_pipelines.releases.gate import RuleResult, Verdict

NOW = datetime(2026, 3, 1, 2, tzinfo=UTC)
REJECTED = Verdict(False, ("Too slow.",), (RuleResult("latency", False, "Too slow."),))
PROMOTED = Verdict(True, ("Better.",), (RuleResult("better", True, "Better."),))
CONFIG = {"rank": 8, "learning_rate": 1e-4, "target_modules": ["query", "value"], "epochs": None}


def decision(outcome: PromotionOutcome = PromotionOutcome.REJECTED, **fields: Any) -> PromotionDecision:
    """Return a decision; fields that are not given have the values of a trained adapter's."""
    given = {
        "outcome": outcome,
        "verdict": REJECTED if outcome is PromotionOutcome.REJECTED else PROMOTED,
        "decided_at": NOW,
        "champion_release": 3,
        "vector_space": "0123456789abcdef",
        "adapter": "lora-1",
        "pairs_sha256": "p1",
        "config": CONFIG,
        "judged_on": "champion 3, questions q",
        "cause": "vector nDCG@10 of language ru fell",
    }
    return PromotionDecision(**(given | fields))
