"""The row of a table with the highest price or the earliest date, if a question asks for that. Pure.

To add a language, add a word to each pattern.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from xnai_pipelines.answers.verification.tokens import TokenKind, tokens
from xnai_pipelines.search.words import fold, words

# Words that say which end of a column is asked for. Some name the column too: what is cheap has a low price.
_MOST = re.compile(
    r"\b(?:most|highest|largest|biggest|greatest|longest|max(?:imum)?|newest|latest|youngest|last|dearest|heaviest"
    r"|höchste[nrs]?|größte[nrs]?|meisten?|längste[nrs]?|teuerste[nrs]?|neueste[nrs]?"
    r"|plus (?:cher|chère|grande?|élevée?)"
    r"|más (?:caro|cara|alto|alta|grande)|сам\w+ (?:дорог|больш|высок|длинн|нов|поздн)\w+|больше всего|максимальн\w+"
    r"|наибольш\w+)\b",
    re.IGNORECASE,
)
_LEAST = re.compile(
    r"\b(?:least|fewest|lowest|smallest|shortest|min(?:imum)?|oldest|earliest|first|cheapest|lightest"
    r"|niedrigste[nrs]?|kleinste[nrs]?|wenigsten?|kürzeste[nrs]?|billigste[nrs]?|günstigste[nrs]?|älteste[nrs]?"
    r"|moins (?:cher|chère|élevée?)|plus (?:petite?|bas|basse)|más (?:barato|barata|bajo|baja|pequeñ[oa])"
    r"|сам\w+ (?:деш[её]в|маленьк|низк|коротк|стар|ранн)\w+|меньше всего|минимальн\w+|наименьш\w+)\b",
    re.IGNORECASE,
)
_BY_PRICE = re.compile(r"expensive|cheap|dear|teuer|billig|günstig|cher\b|chère|car[oa]\b|barat|дорог|деш[её]в", re.I)
_PRICE = re.compile(r"price|cost|fee|preis|kosten|prix|precio|prezzo|цена|стоимость", re.IGNORECASE)
_BY_TIME = re.compile(
    r"newest|latest|youngest|oldest|earliest|first|last|neueste|älteste|нов|поздн|стар|ранн", re.IGNORECASE
)
_PLAIN = re.compile(r"#-?\d+(?:\.\d+)?")
_BOUNDLESS = re.compile(r"unlimited|unbegrenzt|illimit|ilimitad|неограничен|без ограничени", re.IGNORECASE)
_DATE = re.compile(r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)\b|(?P<D>\d{1,2})\.(?P<M>\d{1,2})\.(?P<Y>\d{4})\b")
_COMMA_IS_DECIMAL = re.compile(r",\d{1,2}(?!\d)|\.\d{3}(?!\d)")
_POINT_IS_DECIMAL = re.compile(r"\.\d{1,2}(?!\d)|,\d{3}(?!\d)")
_BYTES = ("byte", "kilobyte", "megabyte", "gigabyte", "terabyte")
_SECONDS = {"second": 1, "minute": 60, "day": 86_400, "month": 2_629_800, "year": 31_557_600}
_MEASURES = {f"unit:{name}": ("size", Decimal(1000**at)) for at, name in enumerate(_BYTES)} | {
    f"unit:{name}": ("time", Decimal(seconds)) for name, seconds in _SECONDS.items()
}
_SAME = 4  # first letters in which a word of the question and the name of a column agree


class Value(NamedTuple):
    """What a cell says, to be compared with those of the same kind alone."""

    kind: str
    number: Decimal


def is_superlative(question: str) -> bool:
    """Return whether a question asks for the most or the least of something."""
    return bool(_MOST.search(question)) != bool(_LEAST.search(question))


def extreme(question: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the places of the rows with the most or the least of what a question asks for; several if they are equal.

    Returns none if it cannot be told: no column or two may be meant, or some of its cells cannot be compared.

    Args:
        question: A superlative question.
        names: Names of the columns.
        rows: Cells of the rows.
    """
    comparable = comparable_columns(names, rows)
    meant = _meant(question, {at: names[at] for at in comparable}, comparable)
    if meant is None:
        return []
    values = comparable[meant]
    end = max(values) if _MOST.search(question) else min(values)
    return [at for at, value in enumerate(values) if value == end]


def comparable_columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[int, list[Value]]:
    """Return the values of the columns whose cells can all be compared, by place."""
    columns = {at: _values([row[at] if at < len(row) else "" for row in rows]) for at in range(len(names))}
    return {at: values for at, values in columns.items() if values}


def _meant(question: str, names: Mapping[int, str], columns: Mapping[int, Sequence[Value]]) -> int | None:
    """Return the column that a question asks about, None if that is not clear."""
    if _BY_PRICE.search(question):
        shared = {at: int(bool(_PRICE.search(name))) for at, name in names.items()}
    elif _BY_TIME.search(question):
        shared = {at: int(columns[at][0].kind == "date") for at in names}
    else:
        asked = {fold(word.text)[:_SAME] for word in words(question)}
        shared = {at: len(asked & {fold(word.text)[:_SAME] for word in words(name)}) for at, name in names.items()}
    best = [at for at, count in shared.items() if count and count == max(shared.values())]
    return best[0] if len(best) == 1 else None


def _values(cells: Sequence[str]) -> list[Value]:
    """Return the values of a column's cells; none if two cannot be compared."""
    column = "\n".join(cells)
    german = _COMMA_IS_DECIMAL.search(column) and not _POINT_IS_DECIMAL.search(column)
    read = [_value(cell, "de" if german else "en") for cell in cells]
    kinds = {value.kind for value in read if value}
    values = [
        Value(next(iter(kinds), ""), Decimal("Infinity")) if _BOUNDLESS.search(cell) else value
        for cell, value in zip(cells, read, strict=True)
    ]
    comparable = [value for value in values if value]
    return comparable if len(kinds) == 1 and len(comparable) == len(cells) else []


def _value(cell: str, language: str) -> Value | None:
    if date := _DATE.fullmatch(cell):
        year, month, day = (int(date[a] or date[b]) for a, b in ("yY", "mM", "dD"))
        return Value("date", Decimal(10_000 * year + 100 * month + day))
    found = tokens(cell, language)
    numbers = [token for token in found if token.kind is TokenKind.NUMBER and _PLAIN.fullmatch(token.term)]
    others = [token.term for token in found if token.kind is not TokenKind.NUMBER]
    if len(numbers) != 1 or len(others) + 1 != len(found):
        return None
    number = Decimal(numbers[0].term[1:])
    if len(others) == 1 and others[0] in _MEASURES:
        kind, scale = _MEASURES[others[0]]
        return Value(kind, number * scale)
    return Value(" ".join(others), number)
