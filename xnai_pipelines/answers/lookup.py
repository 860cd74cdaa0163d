"""The passages that define what a question asks about, found by its name: the ranking knows nothing of entries."""

import re
from functools import reduce
from itertools import islice

import numpy as np
import numpy.typing as npt

from xnai_pipelines.answers.naming import defines, nearness
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.symbol_questions import Symbol, symbol_question
from xnai_pipelines.search.query import Asked
from xnai_pipelines.search.words import fold, words

MOST_READ = 1_000  # passages with the name: one that more have is looked up in none
MOST = 3

_PART = re.compile(r"[^\W_]+")
_NONE = np.empty(0, np.int32)


def defining_passages(passages: Passages, what: Asked) -> list[int]:
    """Return the rows of the passages that define the symbol of a question, at most 3; none if it names none.

    Of several, those go first whose source and titles have most of the question's other words, as the command of an
    option.
    """
    asked = symbol_question(what.text)
    for symbol in asked.symbols if asked else ():
        rows = _with_name(passages, symbol)
        allowed = passages.keyword.allowed(what) if len(rows) else None
        rows = rows if allowed is None else rows[allowed[rows]]
        if not 0 < len(rows) <= MOST_READ:
            continue
        texts = passages.index.corpus.values("text", rows.tolist())
        found = [row for row, text in zip(rows.tolist(), texts, strict=True) if defines(text, symbol)]
        if found:
            near = {row: _nearness(passages, symbol, row) for row in found}
            return sorted(found, key=lambda row: -near[row])[:MOST]
    return []


def _with_name(passages: Passages, symbol: Symbol) -> npt.NDArray[np.int32]:
    """Return the rows of the passages with the words of a symbol's name, or with the parts that these have."""
    whole = [word.text for part in symbol.name.split() for word in islice(words(part), 1)]
    parts = [fold(part) for part in _PART.findall(symbol.name)]
    for wanted in (whole, parts):
        found = reduce(np.intersect1d, [passages.keyword.containing(word) for word in wanted] or [_NONE])
        if len(found):
            return found
    return _NONE


def _nearness(passages: Passages, symbol: Symbol, row: int) -> int:
    (shown,) = passages.index.corpus.shown([row])
    return nearness(
        symbol, shown["source"], passages.titles.get(shown["document_id"], ""), *(shown["heading_path"] or ())
    )
