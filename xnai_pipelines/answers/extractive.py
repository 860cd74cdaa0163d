"""Answers in the documents' own words: the units of the evidence that answer best, each with its exact citation."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from operator import attrgetter
from textwrap import dedent

from xnai_pipelines.answers.answer import Citation, Sentence, Span, State
from xnai_pipelines.answers.asked_for import asked_for
from xnai_pipelines.answers.belonging import (
    command_below,
    is_code,
    section_of,
    signature_above,
    text_of,
    with_what_belongs,
)
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.how_to import asks_for_steps, asks_what_to_do
from xnai_pipelines.answers.items import FENCE, MOST_ITEMS, items_around
from xnai_pipelines.answers.leads import Range, term_above
from xnai_pipelines.answers.scoring import Unit
from xnai_pipelines.answers.spans import answering_span
from xnai_pipelines.answers.superlatives import extreme, is_superlative
from xnai_pipelines.answers.table_rows import as_sentence, cells
from xnai_pipelines.answers.totals import total

MOST = 3  # sentences of an answer
MOST_OF_A_LIST = 5  # if the question asks for several
CLOSE = 0.06  # of score, within which another row or list item answers as well as the best unit
CLOSE_OF_A_SENTENCE = 0.035  # within which any other unit does, if it adds something
CLOSE_OF_A_LIST = 0.15
CLOSE_OF_THE_OTHER = 0.3  # of what is compared with the best

AHEAD = 2  # words of the question, by which an item is ahead of all others together, if it alone answers

# Questions that ask for several things, in the languages whose function words are known.
_SEVERAL = re.compile(
    r"^\W*(?:please\s+)?list\b|\blist (?:all|every)\b"
    r"|\bname (?:all|some|the (?:two|three|four|five|\w+s))\b|\bwhat (?:are|were) (?!you\b|we\b|they\b)"
    r"|\bwhich (?:\w+ )?\w+s (?:are|were|do|does|have)\b|\b(?:welche \w+en|quels|quelles|cu[aá]les|quali|quais|welke)\b"
    r"|перечисли|\bназов(?:и|ите) (?:все|два|две|три|четыре|пять|несколько)|каковы|какие",
    re.IGNORECASE,
)
# Questions about two things, or with two parts.
_TWO = re.compile(
    r"\b(?:differ(?:s|ent|ence|ences)?|compare[ds]?|versus|vs|together|both|or"
    r"|and (?:who|whom|whose|when|where|how|what|why|which|until|since)"
    r"|unterschied\w*|vergleich\w*|oder|und (?:wer|wann|wo|wie|was|warum|bis|seit)\w*|différence|comparer|ou|diferencia"
    r"|отлич\w+|разниц\w+|сравни\w*|вместе|или|и (?:кто|когда|где|как|что|почему|сколько|какой|какая|какие))\b",
    re.IGNORECASE,
)
# Markdown that only a renderer needs. Of a link only what points to a place: `handlers[0](request)` is code.
_MARKUP = re.compile(
    r"(?<!\w)!?\[(?P<link>[^\]\n]{1,300})\]\((?:https?:|mailto:|[./#]|[\w./-]{1,200}\.(?:md|html?|rst|txt))[^)\s]{0,2000}\)"
    r"|(?<![\w*])\*\*(?=\S)(?P<strong>[^*\n]{1,300})(?<=\S)\*\*(?![\w*])"
    r"|\A(?:[-*+]|>)[ \t]+"
)
_NARROWEST = 40  # characters, to which prose is folded


def chosen_units(question: str, units: Sequence[Unit], evidence: Sequence[Evidence]) -> Sequence[Unit]:
    """Return the units that an answer quotes, the best first, and those that answer nearly as well and add to it.

    An item of a list brings the others, in their order, if another one answers too and they are numbered or a line
    with a colon leads to them. A numbered one is enough if the question asks what to do. If it asks that of a function
    or command, how to call it is quoted too, or the command that its section goes on to.
    """
    several = bool(_SEVERAL.search(question))
    most, close = (MOST_OF_A_LIST, CLOSE_OF_A_LIST) if several else (MOST, CLOSE)
    near = distinct(units, evidence, most)
    if greatest := _extreme_rows(question, near, units, evidence):
        return greatest[:MOST_ITEMS]
    chosen = [unit for unit in near if unit.score >= units[0].score - close]
    # of a table's rows those do not answer that lack the name of the one that is asked for
    chosen = [unit for unit in chosen if not (unit.names and unit.words < units[0].words)]
    steps = [unit for unit in chosen[:1] if asks_for_steps(question)] + (near if asks_what_to_do(question) else [])
    if todo := next((found for unit in steps if (found := _items_around(unit, evidence, steps=True))), None):
        return _steps(todo, units)
    items = _items_around(chosen[0], evidence, steps=False) if chosen else []
    begun = {item.start for item in items} & {unit.start for unit in chosen if unit.evidence == chosen[0].evidence}
    if len(begun) > 1 or (begun and several):
        return items
    signature = signature_above(chosen[0], units, evidence) if chosen and asks_what_to_do(question) else []
    if not several:
        chosen = [unit for unit in chosen if unit == chosen[0] or _adds(unit, chosen[0], evidence, bool(signature))]
    chosen = _with_the_other(question, chosen, units)
    first, others = (with_what_belongs(part, units, evidence) for part in (chosen[:1], chosen[1:]))
    shown = signature
    if not signature and asks_what_to_do(question) and not any(is_code(unit, evidence) for unit in first):
        shown = [one for unit in first[:1] for one in command_below(unit, units, evidence)]
    return list(dict.fromkeys([*first, *shown, *others]))


def _steps(items: Sequence[Unit], units: Sequence[Unit]) -> list[Unit]:
    """Return the items of a numbered list; the best one if that alone says what is asked, since they are no steps then.

    It has all words of the question that the others have together, and at least two more.
    """
    said = [
        [one for one in units if one.evidence == item.evidence and item.start <= one.start < item.end] for item in items
    ]
    best = max(range(len(items)), key=lambda at: max((one.score for one in said[at]), default=0.0))
    words = [frozenset[int]().union(*(one.words for one in parts)) for parts in said]
    others = frozenset[int]().union(*words[:best], *words[best + 1 :])
    alone = others <= words[best] and len(words[best] - others) >= AHEAD
    return [items[best]] if alone else list(items)


def _adds(unit: Unit, best: Unit, evidence: Sequence[Evidence], signed: bool) -> bool:
    """Return whether a unit that answers nearly as well adds something to the best one.

    That is another row of the same table, another word of the question, or more of what the same section says; not the
    latter if the signature of what the section is about is quoted.
    """
    if unit.table and unit.table == best.table:
        return True
    is_near = unit.score >= best.score - CLOSE_OF_A_SENTENCE
    goes_on = not signed and section_of(unit, evidence) == section_of(best, evidence)
    return is_near and (goes_on or bool(unit.words - best.words))


def _extreme_rows(
    question: str, near: Sequence[Unit], units: Sequence[Unit], evidence: Sequence[Evidence]
) -> list[Unit]:
    """Return the rows with the most or the least of what a question asks for, of the first table that has it.

    Words of the question that some rows of the table have and others do not choose among its rows.
    """
    if not is_superlative(question):
        return []
    for unit in near:
        if not unit.names or evidence[unit.evidence].cut:
            continue
        rows = [one for one in units if one.table == unit.table]
        telling = frozenset.union(*(row.words for row in rows)) - frozenset.intersection(*(row.words for row in rows))
        rows = [row for row in rows if telling <= row.words]
        names = evidence[unit.evidence].quote(*unit.names)
        found = extreme(question, cells(names), [cells(text_of(row, evidence)) for row in rows])
        if found:
            return [rows[at] for at in found]
    return []


def _with_the_other(question: str, chosen: Sequence[Unit], units: Sequence[Unit]) -> list[Unit]:
    """Return the chosen units with the best one about what else is compared, or asked for in a second part."""
    known = frozenset[int]().union(*(unit.words for unit in chosen))
    if not chosen or len(chosen) == MOST or not _TWO.search(question):
        return list(chosen)
    others = (unit for unit in units if unit.words - known and unit.score >= chosen[0].score - CLOSE_OF_THE_OTHER)
    return [*chosen, *islice(others, 1)]


def distinct(units: Sequence[Unit], evidence: Sequence[Evidence], most: int) -> list[Unit]:
    """Return the first units that differ in more than white space; passages may overlap, and documents repeat."""
    found: dict[str, Unit] = {}
    for unit in units:
        text = "".join(text_of(unit, evidence).split())
        if not any(text in other for other in found):
            found[text] = unit
        if len(found) == most:
            break
    return list(found.values())


def quotes(question: str, chosen: Sequence[Unit], evidence: Sequence[Evidence]) -> tuple[Sentence, ...]:
    """Return the chosen units as sentences; of those about one option of a command the first names it."""
    found: list[Sentence] = []
    known: set[tuple[int, Range]] = set()
    for unit in chosen:
        one, sentence = evidence[unit.evidence], quoted(unit, evidence, question)
        terms = term_above(one.text, unit.start - one.start)
        if terms and (unit.evidence, terms) not in known:
            known.add((unit.evidence, terms))
            cited = one.cite(one.start + terms[0], one.start + terms[1])
            named = ", ".join(filter(None, cited.quote.splitlines()))
            sentence = replace(sentence, text=f"{named}: {sentence.text}", citations=(*sentence.citations, cited))
        found.append(sentence)
    return tuple(found)


def quoted(unit: Unit, evidence: Sequence[Evidence], question: str = "") -> Sentence:
    """Return a unit as a sentence that quotes it, and marks what in it answers the question.

    A row of a table is read with the names of its columns. The lines of prose are joined, and lose links and emphasis;
    those of code, logs and verse stay apart. A date or version that stands in the heading alone is said before it.
    """
    one = evidence[unit.evidence]
    citation = _marked(one.cite(unit.start, unit.end), question)
    shown = _shown(unit, one)
    asked = asked_for(question) if question else None
    named = asked.heading_of(citation.heading_path) if asked and asked.in_text(citation.quote) < 1 else None
    if named and named != shown:
        above = one.heading_line(unit.start, named)
        cited = (citation, _marked(one.cite(*above), question)) if above else (citation,)
        return Sentence(f"{named}: {shown}", State.VERBATIM, cited)
    return Sentence(shown, State.VERBATIM, (citation,))


def tells(question: str, sentences: Sequence[Sentence]) -> bool:
    """Return whether a quote speaks of what is asked of the thing, such as "died", as far as that is known."""
    asked = asked_for(question)
    cited = [citation for sentence in sentences for citation in sentence.citations]
    same = (one for one in cited if one.document_id == cited[0].document_id)  # another may tell of somebody else
    return asked is None or any(asked.tells(one.quote, _above(one)) for one in same)


def _above(citation: Citation) -> str:
    return " ".join([citation.source, *citation.heading_path])


def _marked(citation: Citation, question: str) -> Citation:
    found = answering_span(question, citation.quote, _above(citation)) if question else None
    if found is None:
        return citation
    start, end = (citation.start + at for at in found)
    return replace(citation, span=Span(start, end, citation.quote[slice(*found)]))


def summed(question: str, units: Sequence[Unit], evidence: Sequence[Evidence]) -> Sentence | None:
    """Return the sum over rows of the best table, with each row cited; None if it cannot be told for certain.

    If the table has the total itself, its row is quoted.
    """
    for unit in distinct(units, evidence, MOST):
        one = evidence[unit.evidence]
        if not unit.names or one.cut:
            continue
        rows = [row for row in units if row.table == unit.table]
        rows.sort(key=attrgetter("start"))
        around = [
            one.title,
            *one.landmark_at(unit.start).heading_path,
            *one.text[: rows[0].start - one.start].split("\n"),
        ]
        table = [cells(text_of(row, evidence)) for row in rows]
        found = total(question, cells(one.quote(*unit.names)), table, around)
        if found and found.text:
            cited = tuple(one.cite(rows[at].start, rows[at].end) for at in found.rows)
            return Sentence(found.text, State.SUPPORTED, cited)
        return quoted(rows[found.rows[0]], evidence) if found else None
    return None


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
    if FENCE.match(quote):
        return quote
    if unit.names or quote.startswith("|"):
        return as_sentence(quote, one.quote(*unit.names) if unit.names else "")
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
