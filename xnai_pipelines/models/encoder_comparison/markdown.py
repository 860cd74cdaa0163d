"""The encoder card as tables for people: rows for a terminal, and Markdown for the Dagster UI."""

from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.evaluation.markdown import markdown_table
from xnai_pipelines.models.encoder_comparison.card import EncoderCard, EncoderFigures

Table = tuple[list[str], list[list[str]]]


def encoder_table(card: EncoderCard) -> Table:
    """Return columns and a row per encoder, the deciding figures first."""
    columns = [
        "encoder",
        "nDCG@10 hybrid [95 %]",
        "against current [95 %]",
        "vector",
        "ms per question",
        "MB",
        "s per 1,000 passages",
        "train, validation",
        "vector weight",
    ]
    return columns, [_row(one) for one in card.encoders]


def language_table(card: EncoderCard) -> Table:
    """Return columns and a row per encoder with hybrid nDCG@10 by language; no rows if no language has a figure."""
    languages = list(card.encoders[0].by_language)
    if not languages:
        return [], []
    rows = [[one.name, *(_estimate(one.by_language[language]) for language in languages)] for one in card.encoders]
    return ["encoder", *(f"nDCG@10 hybrid, {language} [95 %]" for language in languages)], rows


def card_markdown(card: EncoderCard) -> str:
    """Return the card as Markdown."""
    parts = [f"{card.questions}, asked of {card.corpus}.", markdown_table(*encoder_table(card))]
    columns, rows = language_table(card)
    if rows:
        parts.append(markdown_table(columns, rows))
    parts += [f"{name} was not measured: {why}" for name, why in card.failed.items()]
    return "\n\n".join([*parts, card.conclusion]) + "\n"


def _row(one: EncoderFigures) -> list[str]:
    return [
        f"{one.name} (current, {one.variant})" if one.current else one.name,
        _estimate(one.hybrid),
        _estimate(one.difference, "+.3f") if one.difference else "",
        f"{one.vector.mean:.3f}",
        f"{one.query_ms:.1f}",
        f"{one.shipped_bytes / 1e6:.0f}",
        f"{one.seconds_per_thousand:.0f}",
        "" if one.chosen_on is None else f"{one.chosen_on:.3f}",
        f"{one.vector_weight:.2f}",
    ]


def _estimate(value: Estimate, form: str = ".3f") -> str:
    return f"{value.mean:{form}} [{value.low:{form}}, {value.high:{form}}]"
