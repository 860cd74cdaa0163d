"""Encoder cards without a measurement: only what decides is in them."""

from datetime import UTC, datetime

from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.models.encoder_comparison.card import EncoderCard, EncoderFigures

ESTIMATE = Estimate(0.5, 0.4, 0.6)


def figures(name: str, chosen_on: float | None, *, current: bool = False) -> EncoderFigures:
    return EncoderFigures(
        name=name,
        variant="int8_dynamic",
        current=current,
        vector_weight=0.5,
        chosen_on=chosen_on,
        hybrid=ESTIMATE,
        vector=ESTIMATE,
        difference=None,
        query_ms=1.0,
        seconds_per_thousand=1.0,
        shipped_bytes=1,
        vector_space=f"space_of_{name}",
    )


def card(current: float | None, other: float | None) -> EncoderCard:
    return EncoderCard(
        made_at=datetime.now(UTC),
        questions="40 labelled questions",
        chosen_on=40,
        corpus="all chunks",
        threads=1,
        encoders=(figures("minilm", current, current=True), figures("multilingual", other)),
    )


BETTER, WORSE, UNKNOWN = card(0.5, 0.6), card(0.6, 0.5), card(None, None)
