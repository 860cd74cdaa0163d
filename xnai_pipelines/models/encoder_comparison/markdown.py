"""The encoder card as tables for people: rows for a terminal, and Markdown for the Dagster UI."""

from xnai_pipelines.evaluation.markdown import markdown_table
from xnai_pipelines.models.encoder_comparison.card import EncoderCard, EncoderFigures

Table = tuple[list[str], list[list[str]]]

LEGEND = (
    "nDCG@10 of hybrid and vector search on these questions. query ms: median per question. s/1,000: seconds to encode "
    "1,000 passages. chosen on: hybrid on the train and validation questions, at the weight that is best on them."
)


def encoder_table(card: EncoderCard) -> Table:
    """Return columns and a row per encoder, the deciding figures first; `LEGEND` says what they are."""
    columns = [
        "encoder",
        "hybrid [95 %]",
        "against current",
        "vector",
        "query ms",
        "MB",
        "s/1,000",
        "chosen on",
        "weight",
    ]
    return columns, [_row(one) for one in card.encoders]


def language_table(card: EncoderCard) -> Table:
    """Return columns and a row per encoder with hybrid nDCG@10 by language; no rows if no language has a figure."""
    languages = list(card.encoders[0].by_language)
    if not languages:
        return [], []
    rows = [[_short(one), *(f"{one.by_language[language]:.3f}" for language in languages)] for one in card.encoders]
    return ["encoder", *(f"{language} [95 %]" for language in languages)], rows


def card_markdown(card: EncoderCard) -> str:
    """Return the card as Markdown."""
    parts = [f"{card.questions}, asked of {card.corpus}.", markdown_table(*encoder_table(card)), LEGEND]
    columns, rows = language_table(card)
    if rows:
        parts += ["Hybrid search by language:", markdown_table(columns, rows)]
    parts += [f"{name} was not measured: {why}" for name, why in card.failed.items()]
    return "\n\n".join([*parts, card.conclusion]) + "\n"


def _row(one: EncoderFigures) -> list[str]:
    return [
        f"{_short(one)} (current)" if one.current else _short(one),
        f"{one.hybrid:.3f}",
        f"{one.difference:+.3f}" if one.difference else "",
        f"{one.vector.mean:.3f}",
        f"{one.query_ms:.1f}",
        f"{one.shipped_bytes / 1e6:.0f}",
        f"{one.seconds_per_thousand:.0f}",
        "" if one.chosen_on is None else f"{one.chosen_on:.3f}",
        f"{one.vector_weight:.2f}",
    ]


def _short(one: EncoderFigures) -> str:
    return one.name.rpartition("/")[2]
