"""Precision cards as runs of the experiment `xnai/quantization`."""

from collections.abc import Mapping

from xnai_pipelines.models.card.card import Card, VariantFigures
from xnai_pipelines.models.card.markdown import card_markdown
from xnai_pipelines.models.card.policy import relative_loss
from xnai_pipelines.models.logged import QUANTIZATION
from xnai_pipelines.state.records import json_bytes
from xnai_pipelines.state.tracker import Experiment, MlflowRun, RunContent, Tracker


def log_card(tracker: Tracker, card: Card, *, fingerprint: str, plot: bytes, tags: Mapping[str, str]) -> MlflowRun:
    """Log a precision card to `xnai/quantization`, unless it is logged already, and return its run.

    Args:
        tracker: The MLflow store.
        card: The card; its figures are metrics by `variant.figure`, such as `int4_gptq.ndcg_loss`.
        fingerprint: Hash of everything the card was measured on.
        plot: Its PNG.
        tags: `dagster_run_id` and `release`; `kind`, `vector_space`, `fingerprint` and `measured_at` are added.
    """
    chosen = card.choice
    return Experiment(QUANTIZATION, tracker).log(
        RunContent(
            title=f"{card.made_at:%Y-%m-%d %H:%M} precision card",
            measured_at=card.made_at,
            params={
                "base": card.base,
                "questions": card.origin,
                "corpus": card.corpus,
                "mode": card.mode,
                "threads": card.threads,
                "choice": chosen.variant if chosen else None,
            },
            metrics={
                f"{figures.name}.{name}": value
                for figures in card.variants
                for name, value in _metrics(card, figures).items()
                if value is not None
            },
            files={
                "card.json": json_bytes(card),
                "card.md": card_markdown(card).encode(),
                "pareto.png": plot,
            },
            # a later card of the same state has other timings
            known_by={"kind": "card", "fingerprint": fingerprint, "measured_at": card.made_at.isoformat()},
            tags={**tags, "vector_space": (chosen.vector_space or "") if chosen else ""},
        )
    )


def _metrics(card: Card, figures: VariantFigures) -> dict[str, float | None]:
    loss, agreement, cost = relative_loss(figures, card), figures.agreement, figures.cost
    return {
        "shipped_bytes": figures.shipped_bytes,
        "ratio": figures.ratio,
        "cosine_mean": agreement.cosine_mean if agreement else None,
        "cosine_p5": agreement.cosine_p5 if agreement else None,
        "ndcg_loss": loss[0] if loss else None,
        "ndcg_loss_bound": loss[1] if loss else None,
        "query_p95_ms": cost.query_p95_ms if cost else None,
        "passages_per_second": cost.passages_per_second if cost else None,
        "peak_memory_bytes": cost.peak_memory_bytes if cost else None,
        "speed_ratio": figures.speed_ratio,
    }
