"""The card as tables for people: Markdown for the Dagster UI and MLflow, and rows for a terminal."""

from collections.abc import Callable

from xnai_pipelines.evaluation.markdown import markdown_table, one_line
from xnai_pipelines.models.card.card import FULL_PRECISION, Card, VariantFigures
from xnai_pipelines.models.card.policy import MEGABYTE, relative_loss

Table = tuple[list[str], list[list[str]]]
"""Columns, and rows with as many cells."""

_ABOUT_STORED = (
    "Recall against exact search over fp32. Scanned bytes are read for every vector in every search. Times are those "
    "of NumPy in one process, which converts fp16 to fp32 in software, without encoding the question.\n"
)


def variant_table(card: Card) -> Table:
    """Return the deciding figures, one row per variant: the result, size, quality, speed, memory."""
    columns = [
        "variant",
        "result",
        "MB",
        "ratio",
        f"nDCG@10 {card.mode}",
        "against fp32",
        "cosine",
        "speed",
        "memory MB",
        "5th pct",
        "query ms p50/p95",
    ]
    return columns, [_row(card, figures) for figures in card.variants]


def detail_table(card: Card) -> Table:
    """Return further figures, one row per variant: neighbours, other modes, dependence on the batch, times."""
    others = sorted({mode for figures in card.variants for mode in figures.retrieval} - {card.mode})
    columns = [
        "variant",
        "bits/weight",
        "top-10 overlap",
        "Spearman",
        *(f"nDCG@10 {mode}" for mode in others),
        "passages/s",
        "cosine alone/in a batch",
        "same bits in a batch",
        "load s",
        "quantization s",
        "runs as",
        "vector space",
    ]
    rows = []
    for figures in card.variants:
        agreement, cost = figures.agreement, figures.cost
        rows.append(
            [
                figures.name,
                _number(figures.bits_per_weight, "{:.2f}"),
                _number(agreement.top10_overlap if agreement else None, "{:.3f}"),
                _number(agreement.spearman if agreement else None, "{:.3f}"),
                *(
                    _number(figures.retrieval[mode].ndcg if mode in figures.retrieval else None, "{:.3f}")
                    for mode in others
                ),
                _number(cost.passages_per_second if cost else None, "{:.0f}"),
                _number(cost.batch_cosine if cost else None, "{:.4f}"),
                _number(cost.batch_identical if cost else None, "{:.0f} %", lambda share: 100 * share),
                _number(cost.load_seconds if cost else None, "{:.2f}"),
                _number(figures.quantization_seconds, "{:.0f}"),
                str(figures.runtime),
                figures.vector_space or "",
            ]
        )
    return columns, rows


def stored_vectors_table(card: Card) -> Table:
    """Return one row per format of stored vectors; no rows if not measured."""
    columns = ["stored as", "bytes/vector", "scanned bytes", "ratio", "recall@10", "query ms p50"]
    rows = [
        [
            stored.form,
            f"{stored.bytes_per_vector:,.0f}",
            f"{stored.scanned_bytes:,.0f}",
            f"{stored.ratio:.1f}",
            f"{stored.recall_at_10:.3f}",
            f"{stored.query_p50_ms:.2f}",
        ]
        for stored in card.stored_vectors
    ]
    return columns, rows


def card_markdown(card: Card) -> str:
    """Return the whole card: the choice with its reasons, the tables, and what was measured."""
    parts = [f"# Precision card of {card.base}\n"]
    if card.choice is not None:
        parts.append(f"**Choice: {card.choice.variant or 'none'}**\n")
        parts.append("".join(f"- {reason}\n" for reason in card.choice.reasons))
    parts.append(markdown_table(*variant_table(card)))
    parts.append(_statement(card))
    if card.choice is not None and card.choice.rejected:
        parts.append("## Not chosen\n")
        parts.append("".join(f"- {name}: {one_line(why)}\n" for name, why in card.choice.rejected.items()))
    parts.append("## Details\n")
    parts.append(markdown_table(*detail_table(card)))
    if card.stored_vectors:
        parts.append("## Stored vectors\n")
        parts.append(markdown_table(*stored_vectors_table(card)))
        parts.append(_ABOUT_STORED)
    return "\n".join(parts)


def _row(card: Card, figures: VariantFigures) -> list[str]:
    agreement, cost = figures.agreement, figures.cost
    retrieval = figures.retrieval.get(card.mode)
    return [
        figures.name,
        _result(card, figures),
        _number(figures.shipped_bytes, "{:.2f}", lambda size: size / MEGABYTE),
        _number(figures.ratio, "{:.2f}"),
        _number(retrieval.ndcg if retrieval else None, "{:.3f}"),
        _change(card, figures),
        _number(agreement.cosine_mean if agreement else None, "{:.4f}"),
        _number(figures.speed_ratio, "{:.2f}x"),
        _number(cost.peak_memory_bytes if cost else None, "{:.0f}", lambda size: size / MEGABYTE),
        _number(agreement.cosine_p5 if agreement else None, "{:.4f}"),
        f"{cost.query_p50_ms:.1f} / {cost.query_p95_ms:.1f}" if cost else "",
    ]


def _change(card: Card, figures: VariantFigures) -> str:
    """Return the change of nDCG@10 relative to fp32's mean, with its 95 % interval."""
    full, retrieval = card.variant(FULL_PRECISION), figures.retrieval.get(card.mode)
    if retrieval is None or full is None or figures is full or relative_loss(figures, card) is None:
        return ""
    base, change = full.retrieval[card.mode].ndcg, retrieval.difference
    mean, low, high = (100 * value / base + 0.0 for value in (change.mean, change.low, change.high))
    return f"{mean:+.1f} % [{low:+.1f}, {high:+.1f}]"


def _result(card: Card, figures: VariantFigures) -> str:
    if figures.failed is not None:
        return "failed"
    if card.choice is None:
        return "measured"
    if card.choice.variant == figures.name:
        return "chosen"
    return "rejected" if figures.name in card.choice.rejected else "qualifies"


def _statement(card: Card) -> str:
    return (
        f"Cosine on {card.held_out:,} held-out passages; nDCG@10 on {card.origin}, over {card.corpus}; change "
        "against fp32 as a share of its mean, with the paired 95 % interval. Speed is passages per second relative to "
        f"fp32, on {card.threads} threads; a query runs on one. Memory is the peak of a new process that loads and "
        f"serves the encoder, including libraries. Measured {card.made_at:%Y-%m-%d %H:%M} UTC on a processor with "
        f"{', '.join(card.cpu_flags) or 'unknown instruction sets'}.\n"
    )


def _number(value: float | None, form: str, convert: Callable[[float], float] = lambda number: number) -> str:
    return "" if value is None else form.format(convert(value))
