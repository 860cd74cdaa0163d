"""Answers in the documents' own words: the units of the evidence that answer best, each with its exact citation."""

import re
from collections.abc import Sequence
from dataclasses import replace
from textwrap import dedent

from xnai_pipelines.answers.answer import Sentence, State
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.items import MOST_ITEMS, items_around
from xnai_pipelines.answers.scoring import Unit
from xnai_pipelines.answers.table_rows import as_sentence

MOST = 3  # sentences of an answer
MOST_OF_A_LIST = 5  # if the question asks for several
CLOSE = 0.06  # of score, within which another unit answers as well as the best
CLOSE_OF_A_LIST = 0.15

# Questions that ask for several things, in the languages whose function words are known.
_SEVERAL = re.compile(
    r"^\W*(?:please\s+)?list\b|\blist (?:all|every)\b"
    r"|\bname (?:all|some|the (?:two|three|four|five|\w+s))\b|\bwhat (?:are|were) (?!you\b|we\b|they\b)"
    r"|\bwhich (?:\w+ )?\w+s (?:are|were|do|have)\b|\b(?:welche \w+en|quels|quelles|cu[aá]les|quali|quais|welke)\b"
    r"|перечисли|\bназов(?:и|ите) (?:все|два|две|три|четыре|пять|несколько)|каковы|какие",
    re.IGNORECASE,
)
# Questions that ask what to do.
_STEPS = re.compile(
    r"\bhow (?:do|does|to|can|could|should|must|is|are)\b|\bsteps?\b|^\W*(?:как|wie|comment|c[oó]mo|come|hoe)\b",
    re.IGNORECASE,
)
# Questions of which some ask how to do something: their steps may be named by the heading above them alone.
_TO_DO = re.compile(
    r"\bhow (?:do|can|could|should|must) (?:i|we|you|one)\b|\bhow to\b|如何|怎么|怎样"
    r"|^\W*(?:как (?:мне|можно|[^\W_]+(?:ть|ться|ти))|wie (?:kann|muss|soll|wird|werden|\w+e (?:ich|man)|\w+t man)"
    r"|comment (?:\w+(?:er|ir|re)|puis|peut|faut|dois)|c[oó]mo (?:se|puedo|debo|\w+[aei]r(?:lo|la|se)?)"
    r"|come (?:si|posso|\w+[aei]re))\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"[ \t]*(?:```|~~~)")
# Markdown that only a renderer needs. Of a link only what points to a place: `handlers[0](request)` is code.
_MARKUP = re.compile(
    r"(?<!\w)!?\[(?P<link>[^\]\n]{1,300})\]\((?:https?:|mailto:|[./#]|[\w./-]{1,200}\.(?:md|html?|rst|txt))[^)\s]{0,2000}\)"
    r"|(?<![\w*])\*\*(?=\S)(?P<strong>[^*\n]{1,300})(?<=\S)\*\*(?![\w*])"
    r"|\A(?:[-*+]|>)[ \t]+"
)
_NARROWEST = 40  # characters, to which prose is folded


def chosen_units(question: str, units: Sequence[Unit], evidence: Sequence[Evidence]) -> Sequence[Unit]:
    """Return the units that an answer quotes, the best first: the best, and those that answer nearly as well.

    An item of a list brings the others, in their order, if another one answers too and they are numbered or a line
    with a colon leads to them. A numbered one is enough if the question asks what to do.
    """
    several = bool(_SEVERAL.search(question))
    most, close = (MOST_OF_A_LIST, CLOSE_OF_A_LIST) if several else (MOST, CLOSE)
    near = distinct(units, evidence, most)
    chosen = [unit for unit in near if unit.score >= units[0].score - close]
    steps = [unit for unit in chosen[:1] if _STEPS.search(question)] + (near if _TO_DO.search(question) else [])
    if todo := next((found for unit in steps if (found := _items_around(unit, evidence, steps=True))), None):
        return todo
    items = _items_around(chosen[0], evidence, steps=False) if chosen else []
    begun = {item.start for item in items} & {unit.start for unit in chosen if unit.evidence == chosen[0].evidence}
    return items if len(begun) > 1 else chosen


def distinct(units: Sequence[Unit], evidence: Sequence[Evidence], most: int) -> list[Unit]:
    """Return the first units that differ in more than white space; passages may overlap, and documents repeat."""
    found: dict[str, Unit] = {}
    for unit in units:
        text = "".join(_text(unit, evidence).split())
        if not any(text in other for other in found):
            found[text] = unit
        if len(found) == most:
            break
    return list(found.values())


def quoted(unit: Unit, evidence: Sequence[Evidence]) -> Sentence:
    """Return a unit as a sentence that quotes it.

    A row of a table is read with the names of its columns. The lines of prose are joined, and lose links and emphasis;
    those of code, logs and verse stay apart.
    """
    citation = evidence[unit.evidence].cite(unit.start, unit.end)
    return Sentence(_shown(unit, evidence[unit.evidence]), State.VERBATIM, (citation,))


def _text(unit: Unit, evidence: Sequence[Evidence]) -> str:
    one = evidence[unit.evidence]
    return one.text[unit.start - one.start : unit.end - one.start]


def _items_around(unit: Unit, evidence: Sequence[Evidence], *, steps: bool) -> list[Unit]:
    """Return the list that a unit is an item of: the items up to it, and as many after it as there is room for.

    Args:
        unit: The unit.
        evidence: The evidence.
        steps: Whether only numbered ones are looked for.
    """
    one = evidence[unit.evidence]
    found = items_around(one.text, unit.start - one.start)
    if not found or not (found.numbered or (found.led and not steps)):
        return []
    items = [replace(unit, start=one.start + start, end=one.start + end, names=None) for start, end in found.ranges]
    at = next((at for at, item in enumerate(items) if unit.start < item.end), 0)
    return items[max(0, at + 1 - MOST_ITEMS) :][:MOST_ITEMS]


def _shown(unit: Unit, one: Evidence) -> str:
    start, end = unit.start - one.start, unit.end - one.start
    quote = one.text[start:end]
    if _CODE.match(quote):
        return quote
    if unit.names or quote.startswith("|"):
        return as_sentence(quote, one.text[unit.names[0] - one.start : unit.names[1] - one.start] if unit.names else "")
    if "\n" not in quote:
        return _prose(quote)
    first = one.text.rfind("\n", 0, start) + 1
    last = one.text.find("\n", end)
    if _is_folded_prose(one.text[first : last if last >= 0 else len(one.text)].split("\n")):
        return _prose(quote)
    indent = one.text[first:start]
    return quote if indent.strip() else dedent(indent + quote)


def _prose(quote: str) -> str:
    """Return prose in one line, without the Markdown around its words."""
    return " ".join(_MARKUP.sub(lambda found: found["link"] or found["strong"] or "", quote).split())


def _is_folded_prose(lines: Sequence[str]) -> bool:
    """Return whether lines end only because the next word would have made them longer than the longest."""
    width = max(map(len, lines))
    next_words = [(line.split(maxsplit=1) or [""])[0] for line in lines[1:]]
    return width >= _NARROWEST and all(
        bool(word) and len(line) + 1 + len(word) > width for line, word in zip(lines[:-1], next_words, strict=True)
    )
