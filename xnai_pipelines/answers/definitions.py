"""The part of reference documentation that defines a symbol, and which of its sentences answers. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import attrgetter

from xnai_pipelines.answers.belonging import is_code, section_of, signature_above, text_of
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.how_to import asks_what_to_do
from xnai_pipelines.answers.items import items_around
from xnai_pipelines.answers.leads import term_above
from xnai_pipelines.answers.naming import begins_with, is_named, item_that_names, lines_that_name, nearness, words_of
from xnai_pipelines.answers.scoring import Unit
from xnai_pipelines.answers.symbol_questions import Aspect, Symbol, SymbolQuestion, symbol_question, tells
from xnai_pipelines.answers.symbols import is_signature, parameter_of
from xnai_pipelines.answers.table_rows import cells
from xnai_pipelines.answers.units import said_of

AHEAD = 0.1  # of score, by which what answers is ahead of all else: no remark is quoted with it
CLOSE_OF_A_DESCRIPTION = 0.08  # of score, within which a sentence about what is asked goes before one that names it
SHORT = 80  # characters of a definition, below which the sentence after it belongs to it
GAP = 4  # characters of white space between two pieces of evidence that follow each other

_REMARK = " -- "  # stands between a call in a docstring and what it does
_SENTENCE_ENDS = (".", "!", "。", "！")
_START = attrgetter("start")


def defining(question: str, units: Sequence[Unit], evidence: Sequence[Evidence]) -> list[Unit]:
    """Return the units that say what a question asks of the symbol that it names, ahead of all others in score.

    Nothing, if it names none, or if the evidence has no section or entry of that name from its beginning.
    """
    asked = symbol_question(question)
    if asked is None or not units:
        return []
    ahead = units[0].score + AHEAD
    return [replace(unit, score=ahead) for unit in _answering(asked, _entry(asked, units, evidence), evidence)]


def describing(question: str, units: Sequence[Unit], evidence: Sequence[Evidence]) -> list[Unit]:
    """Return the best unit that begins with what the question asks about, as "Flask is a framework" does.

    It scores nearly as well as the best of all, or stands below a heading that names that. Nothing, unless the question
    asks only what something is or does.
    """
    asked = symbol_question(question)
    if asked is None or not asked.only or asked.aspect is not Aspect.DOES:
        return []
    for unit in units:
        text, titles = text_of(unit, evidence), section_of(unit, evidence)[1][-1:]
        near = unit.score >= units[0].score - CLOSE_OF_A_DESCRIPTION
        about = [symbol for symbol in asked.symbols if begins_with(text, symbol)]
        if about and (near or any(is_named(title, symbol) for title in titles for symbol in about)):
            return [replace(unit, score=units[0].score)]
    return []


def what_a_call_does(question: str, units: Sequence[Unit], evidence: Sequence[Evidence]) -> list[Unit]:
    """Return the sentence below the head of the best unit's section, and that head, which shows how to call something.

    Only if the best unit says nothing else, or is about a parameter of the call that a question how to do something
    does not name; else nothing.
    """
    best = units[0]
    call = best if _is_call(best, evidence) else _call_with_a_remark(question, best, units, evidence)
    if call is None or _REMARK in text_of(call, evidence):
        return []
    section = section_of(call, evidence)
    below = [unit for unit in units if unit.start > call.start and section_of(unit, evidence) == section]
    said = min((unit for unit in below if not is_code(unit, evidence)), key=_START, default=None)
    return [replace(unit, score=best.score) for unit in (said, call)] if said else []


def _call_with_a_remark(question: str, unit: Unit, units: Sequence[Unit], evidence: Sequence[Evidence]) -> Unit | None:
    """Return the call that a unit says something of a parameter of, None if it does not or the question names that."""
    for call in signature_above(unit, units, evidence) if asks_what_to_do(question) else []:
        parameter = parameter_of(text_of(unit, evidence), text_of(call, evidence))
        if parameter and not re.search(rf"\b{parameter}\b", question, re.IGNORECASE):
            return call
    return None


def _answering(asked: SymbolQuestion, entry: Sequence[Unit], evidence: Sequence[Evidence]) -> Sequence[Unit]:
    calls = [unit for unit in entry if _is_call(unit, evidence)]
    said = [unit for unit in entry if unit not in calls and not is_code(unit, evidence)]
    if asked.aspect is Aspect.ARGUMENTS:
        return calls[:1]
    if asked.aspect is not Aspect.DOES:
        telling = [unit for unit in said if tells(asked.aspect, text_of(unit, evidence))]
        if not asked.only:
            telling.sort(key=attrgetter("score"), reverse=True)
        if telling or asked.aspect is not Aspect.RETURNS:
            return telling[:1]
    if not said:
        return calls[:1]
    said = [unit for unit in said if not _is_property(text_of(unit, evidence))] or said
    return said[: 1 + (len(text_of(said[0], evidence)) < SHORT)]


def _is_property(text: str) -> bool:
    """Return whether a text is no sentence but a property, such as `type: folder`."""
    return said_of(text) != text and not text.endswith(_SENTENCE_ENDS)


def _is_call(unit: Unit, evidence: Sequence[Evidence]) -> bool:
    path = section_of(unit, evidence)[1]
    return bool(path) and is_signature(text_of(unit, evidence), path[-1], indented=is_code(unit, evidence))


def _entry(asked: SymbolQuestion, units: Sequence[Unit], evidence: Sequence[Evidence]) -> list[Unit]:
    """Return the units of the best section, entry or row that defines a symbol, in the order of the text.

    That is the one whose document is named best by the question's other words; then, what stands right below the module
    that the question names, before what belongs to a class of it; then one that begins with it; then the best answer.
    """
    for symbol in asked.symbols:
        found = [
            *_sections(symbol, units, evidence),
            *_entries(symbol, units, evidence),
            *_rows(symbol, units, evidence),
            *_items(symbol, units, evidence),
        ]
        if found:
            return max(found, key=lambda entry: _fitness(symbol, entry, evidence))
    return []


def _fitness(symbol: Symbol, entry: Sequence[Unit], evidence: Sequence[Evidence]) -> tuple[int, int, bool, float]:
    depth = len(section_of(entry[0], evidence)[1]) if symbol.above else 0
    one = evidence[entry[0].evidence]
    about = begins_with(text_of(entry[0], evidence), symbol)
    return nearness(symbol, one.source, one.title), -depth, about, max(unit.score for unit in entry)


def _sections(symbol: Symbol, units: Sequence[Unit], evidence: Sequence[Evidence]) -> Iterator[list[Unit]]:
    """Yield the units of each section whose heading names a symbol; that of a word may be about something else."""
    sections = dict.fromkeys(section_of(unit, evidence) for unit in units) if not symbol.is_word else {}
    for section in sections:
        path = section[1]
        if not path or not is_named(path[-1], symbol):
            continue
        found = sorted((unit for unit in units if section_of(unit, evidence) == section), key=_START)
        first = evidence[found[0].evidence]
        if _is_above(symbol, first, path) and first.heading_line(found[0].start, path[-1]):
            yield found


def _entries(symbol: Symbol, units: Sequence[Unit], evidence: Sequence[Evidence]) -> Iterator[list[Unit]]:
    """Yield the units below each line that names a symbol, up to the next such line or heading, in their order.

    A piece of evidence may end with that line; the next one then says what it means.
    """
    for place, one in enumerate(evidence):
        head = next(filter(None, (line.search(one.text) for line in lines_that_name(symbol))), None)
        if head is None or not (head["above"] or _is_above(symbol, one, ())):
            continue
        end = one.start + head.end()
        ends = not one.text[head.end() :].strip()
        pieces = [_follows(other, one) if ends else at == place for at, other in enumerate(evidence)]
        below = sorted((unit for unit in units if pieces[unit.evidence] and unit.start >= end), key=_START)
        heading = one.landmark_at(one.start + head.start()).heading_path
        if entry := [unit for unit in below if _heads(unit, evidence, end) == heading]:
            yield entry


def _rows(symbol: Symbol, units: Sequence[Unit], evidence: Sequence[Evidence]) -> Iterator[list[Unit]]:
    """Yield each row of a table whose first cell names a symbol."""
    for unit in units:
        text = text_of(unit, evidence)
        if (unit.names or text.startswith("|")) and is_named((cells(text) or [""])[0], symbol):
            yield [unit]


def _items(symbol: Symbol, units: Sequence[Unit], evidence: Sequence[Evidence]) -> Iterator[list[Unit]]:
    """Yield the units of each item of a list that begins with the name of a symbol."""
    for place, one in enumerate(evidence):
        for found in item_that_names(symbol).finditer(one.text):
            listed = items_around(one.text, found.end())
            ends = f"{one.text}\n\n".index("\n\n", found.end())
            ranges = listed.ranges if listed else [(found.start(), ends)]
            start, end = next((item for item in ranges if found.end() <= item[1]), (found.start(), found.end()))
            inside = [unit for unit in units if unit.evidence == place and start <= unit.start - one.start < end]
            if inside:
                yield sorted(inside, key=_START)


def _heads(unit: Unit, evidence: Sequence[Evidence], end: int) -> tuple[str, ...] | None:
    """Return the headings above a unit, None if another line than the one that ends here says what it is about."""
    one = evidence[unit.evidence]
    terms = term_above(one.text, unit.start - one.start)
    is_another = terms is not None and one.start + terms[0] >= end
    return None if is_another else one.landmark_at(unit.start).heading_path


def _follows(other: Evidence, one: Evidence) -> bool:
    return other.document_id == one.document_id and 0 <= other.start - one.end <= GAP


def _is_above(symbol: Symbol, one: Evidence, path: Sequence[str]) -> bool:
    """Return whether all that a symbol belongs to is named above its section, or names the document."""
    return {*symbol.above} <= {*path, *words_of(one.source, one.title, *path)}
