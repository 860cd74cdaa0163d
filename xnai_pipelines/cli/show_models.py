"""What people see of models and releases: cards, comparisons, evaluations."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xnai_pipelines.cli.terminal import say, table
from xnai_pipelines.wording import counted

if TYPE_CHECKING:
    from xnai_pipelines.adapters.make import TrainingEstimate
    from xnai_pipelines.cli.queries import ListedRelease
    from xnai_pipelines.encoders.stored.inspection import FileInspection
    from xnai_pipelines.evaluation.report import EvaluationReport
    from xnai_pipelines.models.card.card import Card
    from xnai_pipelines.models.encoder_comparison.card import EncoderCard
    from xnai_pipelines.releases.comparison import Comparison

FEW_QUESTIONS = 10


def show_releases(listed: Sequence["ListedRelease"]) -> None:
    """Print the kept releases and the challenger."""
    columns = ["release", "state", "encoder", "nDCG@10 hybrid / vector", "adapter", "made", "vectors"]
    rows = [
        [
            one.release,
            one.state,
            f"{one.encoder}, {one.variant}",
            " / ".join(f"{one.metrics[f'{mode}.ndcg_at_10']:.3f}" for mode in ("hybrid", "vector"))
            if one.metrics
            else "",
            one.adapter or "none",
            one.created_at,
            f"{one.vectors:,}",
        ]
        for one in listed
    ]
    table("Releases", columns, rows, ["release", "vectors"])


def show_training_plan(planned: "TrainingEstimate") -> None:
    """Print what a retraining would take."""
    minutes = "unknown until a first training has been timed" if planned.minutes is None else f"{planned.minutes:.1f}"
    rows = [
        ["adapter", planned.adapter + (", trained already" if planned.trained_already else "")],
        ["training pairs", f"{planned.pairs:,}"],
        ["steps", f"{planned.steps:,}"],
        ["expected minutes", minutes],
        ["memory", f"{planned.memory_bytes / 2**20:,.0f} MB"],
    ]
    table("A retraining would take", ["what", "value"], rows)


def show_comparison(comparison: "Comparison") -> None:
    """Print challenger against champion, by slice and mode."""
    from xnai_pipelines.releases.markdown import comparison_table

    columns, rows = comparison_table(comparison)
    table(f"Challenger against champion: {comparison.questions_statement}", columns, rows, columns[2:])


def show_evaluation(report: "EvaluationReport") -> None:
    """Print nDCG@10 and recall@10 by search mode with their 95 % intervals."""
    for headline in report.headlines:
        latency = {calls.mode: calls for calls in report.calls}
        rows = []
        for section in report.sections_of(headline):
            calls = latency[section.mode]
            rows.append(
                [
                    section.mode,
                    f"{section.metrics['ndcg_at_10']:.3f}",
                    f"{section.metrics['recall_at_10']:.3f}",
                    f"{calls.p50_ms:.1f} / {calls.p95_ms:.1f}" if calls.p50_ms and calls.p95_ms else "",
                ]
            )
        columns = ["search", "nDCG@10 [95 %]", "recall@10 [95 %]", "ms p50 / p95"]
        table(f"Retrieval: {headline.statement}", columns, rows, ["ms p50 / p95"])
        if headline.questions < FEW_QUESTIONS:
            say(
                f"{counted(headline.questions, 'question')} cannot show how well search works. Label more: "
                "XNAI_QUESTIONS or `xnai feedback`.",
                fold=True,
            )


def show_card(card: "Card") -> None:
    """Print the precision card: the variants, what was chosen and why, and how vectors could be stored."""
    from xnai_pipelines.models.card.markdown import stored_vectors_table, variant_table

    say(("Precision card", "bold"), f" of {card.base}: {card.origin}, asked of {card.corpus}.", fold=True)
    columns, rows = variant_table(card)
    table("Variants", columns, rows, columns[2:])
    for figures in card.variants:
        if figures.failed:
            say(f"  {figures.name} failed: {figures.failed}", fold=True)
    choice = card.choice
    if choice is not None:
        say((f"Chosen for the next release: {choice.variant or 'none'}", "bold"), fold=True)
        for reason in choice.reasons:
            say(f"  {reason}", fold=True)
    columns, rows = stored_vectors_table(card)
    if rows:
        table("Vectors of the table in other forms", columns, rows, columns[1:])


def show_encoder_card(card: "EncoderCard") -> None:
    """Print the encoders that were compared, what the figures say, and how to switch."""
    from xnai_pipelines.models.encoder_comparison.markdown import LEGEND, encoder_table, language_table

    say(("Encoder card", "bold"), f": {card.questions}, asked of {card.corpus}.", fold=True)
    for title, (columns, rows) in (
        ("Encoders, nDCG@10", encoder_table(card)),
        ("Hybrid nDCG@10 by language", language_table(card)),
    ):
        if rows:
            table(title, columns, rows, columns[1:])
    for name, why in card.failed.items():
        say(f"  {name} was not measured: {why}", fold=True)
    say(LEGEND, fold=True)
    say(card.conclusion)


def show_inspection(file: Path, found: "FileInspection") -> None:
    """Print what a quantized model's file holds."""
    columns, rows = found.table()
    say(f"{file}: {found.summary}")
    table("Tensors", columns, rows, columns[3:])
