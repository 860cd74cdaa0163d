"""Answers in the documents' own words: the units of the evidence that answer best, each with its exact citation."""

import re
from collections.abc import Sequence

from xnai_pipelines.answers.answer import Sentence, State
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.scoring import Unit

MOST = 3  # sentences of an answer
MOST_OF_A_LIST = 5  # if the question asks for several
CLOSE = 0.06  # of score, within which another unit answers as well as the best
CLOSE_OF_A_LIST = 0.15

# Questions that ask for several things, in the languages whose function words are known.
_SEVERAL = re.compile(
    r"\b(?:list|name (?:all|some|the|two|three|four)|what are|what were|which (?:\w+ )?\w+s (?:are|were|do|have)"
    r"|welche \w+en|quels|quelles|cu[aá]les|quali|quais|welke)\b|перечисли|назовите|каковы|какие",
    re.IGNORECASE,
)
_CODE = re.compile(r"[ \t]*(?:```|~~~)")


def chosen_units(question: str, units: Sequence[Unit]) -> Sequence[Unit]:
    """Return the units that an answer quotes, the best first: the best, and those that answer nearly as well."""
    several = bool(_SEVERAL.search(question))
    most, close = (MOST_OF_A_LIST, CLOSE_OF_A_LIST) if several else (MOST, CLOSE)
    return [unit for unit in units[:most] if unit.score >= units[0].score - close]


def quoted(unit: Unit, evidence: Sequence[Evidence]) -> Sentence:
    """Return a unit as a sentence that quotes it; line breaks of prose become blanks."""
    citation = evidence[unit.evidence].cite(unit.start, unit.end)
    text = citation.quote if _CODE.match(citation.quote) else " ".join(citation.quote.split())
    return Sentence(text, State.VERBATIM, (citation,))
