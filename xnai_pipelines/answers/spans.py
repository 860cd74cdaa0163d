"""The shortest part of a quote that answers, if its kind tells it: a number, a date, a name. Pure."""

import re

from xnai_pipelines.answers.asked_for import asked_for
from xnai_pipelines.answers.names import form
from xnai_pipelines.search.function_words import FUNCTION_WORDS, function_words
from xnai_pipelines.search.words import fold

MOST = 2  # of a kind in a quote; which of more is meant cannot be told

_WORD = re.compile(r"[^\W_]+")
_NEAR = 10  # characters, within which a word of the question hardly counts more the nearer it is


def answering_span(question: str, quote: str, above: str = "") -> tuple[int, int] | None:
    """Return the range of what answers in a quote, of two the one that the question's words stand nearer to.

    None if nothing there is of the kind that is asked for, or more than two are. What is counted tells one of many:
    "How many boats?" is answered by the number before "boats".

    Args:
        question: The question.
        quote: Characters of a document.
        above: The headings above them.
    """
    asked = asked_for(question)
    if asked is None:
        return None
    found = asked.spans(quote, above)
    counted = form(asked.counted)
    said = [(form(match.group()), *match.span()) for match in _WORD.finditer(quote)]
    if counted and (
        near := [span for span in found if any(word == counted and span[1] == at - 1 for word, at, _ in said)]
    ):
        return near[0]
    if not found or len(found) > MOST:
        return None
    ignored = function_words(FUNCTION_WORDS)
    known = {form(word) for word in _WORD.findall(question) if fold(word) not in ignored}

    def nearness(span: tuple[int, int]) -> float:
        return sum(1 / (_NEAR + max(0, at - span[1], span[0] - end)) for word, at, end in said if word in known)

    return max(found, key=nearness)
