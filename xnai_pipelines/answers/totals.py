"""The sum of a column of a table, if a question asks for a total: the figure with its arithmetic, or nothing. Pure.

A sum is said only if nothing is left open: which column is meant, which rows, and in which unit. To add a language, add
a word to each pattern.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from xnai_pipelines.answers.names import form
from xnai_pipelines.answers.superlatives import Value, comparable_columns
from xnai_pipelines.search.function_words import FUNCTION_WORDS, function_words
from xnai_pipelines.search.words import fold, words

# Words that ask for a sum. They say nothing of its parts.
_TOTAL = re.compile(
    r"\b(?:in total|total|totals|altogether|in all|combined|overall sum|sum of|add(?:s)? up to|insgesamt|zusammen|summe"
    r"|gesamt\w*|au total|en tout|somme|en total|suma|in totale|totale|no total|in totaal|totaal|всего|итого|в сумме"
    r"|сумма"
    r"|в общей сложности|вместе)\b",
    re.IGNORECASE,
)
_ASKS_HOW_MUCH = re.compile(
    r"\bhow (?:much|many)\b|\b(?:what|which)\b|\bsum\b|\bwie ?viele?\b|\bwie hoch\b|\bwas\b|\bcombien\b|\bquel"
    r"|\bcu[aá]nt"
    r"|\bquant|\bhoeveel\b|\bсколько\b|\bкаков",
    re.IGNORECASE,
)
_ONLY_ASKING = """
    many much cost costs spend spent pay paid price add adds total altogether sum combined amount amounts figure make
    viele viel kosten kostet kosteten ausgeben ausgegeben bezahlt summe betrag betragt hoch insgesamt zusammen gesamt
    coute coutent depense somme montant cuestan gasto suma сколько стоят стоит потратили заплатили всего итого сумма
    сумме"""
_SAYS_NOTHING = frozenset(_ONLY_ASKING.split())
# Columns whose figures say nothing together.
_NOT_ADDED = re.compile(
    r"\b(?:per|average|avg|mean|median|rate|ratio|share|rank|year|id|no|nr|number|version|age|score|pro|je|jahr|anteil"
    r"|durchschnitt|alter|par|moyenne|année|por|promedio|año|в среднем|средн\w+|год|доля|номер|за)\b|%|/|№|#",
    re.IGNORECASE,
)
_MOST_ROWS = 60
_NO_AMOUNTS = frozenset(["date", "size", "time", "unit:%"])  # sizes and times are in several units
_LABEL_OF_A_TOTAL = re.compile(
    r"(?:grand |sub)?total|sum|gesamt\w*|summe|insgesamt|somme|suma|totale|totaal|итого|всего", re.I
)


@dataclass(frozen=True, slots=True)
class Total:
    """A sum over rows of a table.

    Attributes:
        rows: Places of the rows; of one alone if it is the table's own total, or the only one that is asked for.
        text: The arithmetic: "Price: 12 + 5 = 17 euro"; "" if one row has the figure.
    """

    rows: tuple[int, ...]
    text: str


def asks_for_total(question: str) -> bool:
    """Return whether a question asks for the sum of several figures."""
    return bool(_TOTAL.search(question) and _ASKS_HOW_MUCH.search(question))


def total(
    question: str, names: Sequence[str], rows: Sequence[Sequence[str]], around: Collection[str] = ()
) -> Total | None:
    """Return the sum that a question asks for; None if it cannot be told for certain.

    Each word of the question has to say something of the sum: it stands around the table, is in all rows that are added
    and in no other, or names the column.

    Args:
        question: A question that asks for a total.
        names: Names of the columns.
        rows: Cells of all rows of the table.
        around: Texts above the table: the headings, the title, the line that leads to it.
    """
    own = [at for at, row in enumerate(rows) if any(_LABEL_OF_A_TOTAL.fullmatch(cell) for cell in row)]
    parts = {at: _forms(" ".join(row)) for at, row in enumerate(rows) if at not in own}
    if len(own) > 1 or not 1 < len(parts) <= _MOST_ROWS:
        return None
    asked = _telling(question)
    above = _forms(" ".join(around))
    of_rows = (asked & frozenset.union(*parts.values())) - above
    chosen = [at for at, forms in parts.items() if of_rows - frozenset.intersection(*parts.values()) <= forms]
    columns = comparable_columns(names, [rows[at] for at in chosen])
    column = _column(asked, names, columns)
    if len(chosen) == 1:
        return Total((chosen[0],), "")
    if not chosen or column is None or asked - of_rows - above - _forms(" ".join(names)):
        return None
    if own and len(chosen) == len(parts):
        return Total((own[0],), "")
    figures = [value.number for value in columns[column]]
    if not all(figure.is_finite() for figure in figures):
        return None
    kind = columns[column][0].kind.removeprefix("unit:")
    added = " + ".join(map(_written, figures))
    return Total(tuple(chosen), f"{names[column]}: {added} = {_written(sum(figures, Decimal()))} {kind}".rstrip())


def _column(asked: frozenset[str], names: Sequence[str], columns: Mapping[int, Sequence[Value]]) -> int | None:
    """Return the only column of amounts, or the only one that the question names."""
    amounts = [
        at for at, values in columns.items() if values[0].kind not in _NO_AMOUNTS and not _NOT_ADDED.search(names[at])
    ]
    named = [at for at in amounts if asked & _forms(names[at])]
    found = named or amounts
    return found[0] if len(found) == 1 else None


def _telling(question: str) -> frozenset[str]:
    ignored = function_words(FUNCTION_WORDS) | _SAYS_NOTHING
    return frozenset(form(word.text) for word in words(question) if fold(word.text) not in ignored)


def _forms(text: str) -> frozenset[str]:
    return frozenset(form(word.text) for word in words(text))


def _written(figure: Decimal) -> str:
    return f"{figure:f}"  # a mark of thousands would be one of decimals to another reader
