"""Accuracy, retraining, promotion and alerts."""

from datetime import timedelta

from pydantic import BaseModel, Field

from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.autonomy.decisions.thresholds import Thresholds
from xnai_pipelines.releases.gate import Gate
from xnai_pipelines.settings.kinds import SecretUrl, TrainingOptions


class QualitySettings(BaseModel):
    """Accuracy, retraining, promotion and alerts."""

    accuracy_floor: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="Min share of labelled questions with a relevant document in the top 10 of hybrid search."
        " A check warns below it.",
    )
    accuracy_tolerance: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="Drop in nDCG@10 since the release that still counts as healthy.",
    )
    slice_questions: int = Field(
        default=30, ge=10, description="Min questions of a language or folder to judge it separately."
    )
    degraded_evaluations: int = Field(
        default=2, ge=1, description="Consecutive evaluations with a significant drop before a retraining is requested."
    )
    max_search_ms: float = Field(
        default=100.0,
        gt=0,
        description="Max p95 latency of a search, in ms. Above it maintenance is requested, and no slower encoder "
        "is promoted.",
    )
    retrain_attempts: int = Field(default=3, ge=1, description="Max retrainings per cause.")
    retrain_cooldown_hours: float = Field(
        default=20.0, ge=0, le=8_760, description="Min hours between two retrainings."
    )
    retrain_backoff_minutes: float = Field(
        default=60.0,
        ge=0,
        le=525_600,
        description="Minutes to wait after a failed retraining; doubles with each failure.",
    )
    retrain_minutes_a_day: float = Field(default=240.0, gt=0, description="Max minutes of retraining in 24 hours.")
    try_encoders: bool = Field(
        default=True,
        description="Whether another encoder is tried before an adapter is trained: the best on the encoder card, or "
        "an installed one for a language that the release's does not know, alone and then beside it.",
    )
    training: TrainingOptions = Field(
        default=AdapterConfig(),
        description="Training options to change, as JSON: "
        '{"epochs": 3, "rank": 8}. The config of the asset lora_adapter lists all of them.',
    )
    least_pairs: int = Field(
        default=200,
        ge=0,
        description="Min training pairs. If there are fewer labelled questions, generated ones fill up the set.",
    )
    hard_negatives: int = Field(
        default=1,
        ge=0,
        le=16,
        description="Max hard negatives per training question. Each slows training down; 0: in-batch negatives only.",
    )
    max_overall_loss: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="Max mean loss of nDCG@10 over all questions for a promotion. A significant loss rejects "
        "at any size.",
    )
    max_slice_loss: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="Max loss of nDCG@10 on a slice. A larger, significant loss rejects the challenger.",
    )
    max_shipped_mb: float | None = Field(default=None, gt=0, description="Max size of a promoted encoder, in MB.")
    approval: bool = Field(default=False, description="Require a person to approve each promotion with `xnai approve`.")
    kept_releases: int = Field(default=3, ge=1, description="Releases kept for rollback beside the current one.")
    webhook: SecretUrl | None = Field(
        default=None, description="URL to which alerts are posted as JSON. They are always written to alerts.jsonl."
    )

    @property
    def thresholds(self) -> Thresholds:
        """The limits beyond which accuracy counts as degraded, and how often something is done about it."""
        return Thresholds(
            accuracy_floor=self.accuracy_floor,
            tolerance=self.accuracy_tolerance,
            slice_questions=self.slice_questions,
            evaluations=self.degraded_evaluations,
            cooldown=timedelta(hours=self.retrain_cooldown_hours),
            attempts=self.retrain_attempts,
            minutes_a_day=self.retrain_minutes_a_day,
            max_p95_ms=self.max_search_ms,
            backoff=timedelta(minutes=self.retrain_backoff_minutes),
        )

    @property
    def gate(self) -> Gate:
        """The limits that a challenger must meet."""
        return Gate(
            max_overall_loss=self.max_overall_loss,
            max_slice_loss=self.max_slice_loss,
            max_query_ms=self.max_search_ms,
            max_shipped_mb=self.max_shipped_mb,
        )
