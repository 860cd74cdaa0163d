"""The part of reference documentation that defines a symbol, and which of its sentences answers. Pure."""

import re
from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter

from xnai_pipelines.answers.belonging import is_code, section_of, text_of
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.leads import term_above
from xnai_pipelines.answers.scoring import Unit
from xnai_pipelines.answers.symbol_questions import Aspect, Symbol, SymbolQuestion, symbol_question, tells
from xnai_pipelines.answers.symbols import is_signature

AHEAD = 0.1  # of score, by which what answers is ahead of all else: no remark is quoted with it
SHORT = 40  # characters of a definition, below which the sentence after it belongs to it
GAP = 4  # characters of white space between two pieces of evidence that follow each other

_WORDS = re.compile(r"[^\W_]+")
_ARGUMENTS = re.compile(r"\(.*\)\Z", re.DOTALL)
_QUALIFIER = re.compile(r"\.|::|#")
# A line of its own that names a symbol: `-q, --quiet`, `--depth <depth>`, `push.default`, `pop [--index]`.
_LINE = r"^(?:-[^\n]{{1,60}}[ ,|/])?(?P<above>{above})?{name}(?:[ =\[(,|<][^\n]{{0,100}})?(?<![.:;!?])(?=\n\n|\n?\Z)"
_REMARK = " -- "  # stands between a call in a docstring and what it does
_START = attrgetter("start")


def defining(question: str, units: Sequence[Unit], evidence: Sequence[Evidence]) -> list[Unit]:
    """Return the units that say what a question asks of the symbol that it names, ahead of all others in score.

    Nothing, if it names none, or if the evidence has no section or entry of that name from its beginning.
    """
    asked = symbol_question(question)
    if asked is None or not units:
        return []
    entry = _section(asked.symbol, units, evidence) or _entry(asked.symbol, units, evidence)
    ahead = units[0].score + AHEAD
    return [replace(unit, score=ahead) for unit in _answering(asked, entry, evidence)]


def what_a_call_does(units: Sequence[Unit], evidence: Sequence[Evidence]) -> list[Unit]:
    """Return the sentence below the best unit, and that, if it only shows how to call something; else nothing."""
    best = units[0]
    if not _is_call(best, evidence) or _REMARK in text_of(best, evidence):
        return []
    section = section_of(best, evidence)
    below = [unit for unit in units if unit.start > best.start and section_of(unit, evidence) == section]
    said = min((unit for unit in below if not is_code(unit, evidence)), key=_START, default=None)
    return [replace(said, score=best.score), best] if said else []


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
    return said[: 1 + (len(text_of(said[0], evidence)) < SHORT)]


def _is_call(unit: Unit, evidence: Sequence[Evidence]) -> bool:
    path = section_of(unit, evidence)[1]
    return bool(path) and is_signature(text_of(unit, evidence), path[-1], indented=is_code(unit, evidence))


def _section(symbol: Symbol, units: Sequence[Unit], evidence: Sequence[Evidence]) -> list[Unit]:
    """Return the units of the best section whose heading names a symbol, in the order of the text."""
    for unit in units:
        document, path = section_of(unit, evidence)
        if path and _named(path[-1]) == symbol.name and _is_above(symbol, evidence[unit.evidence], path):
            found = sorted((one for one in units if section_of(one, evidence) == (document, path)), key=_START)
            if evidence[found[0].evidence].heading_line(found[0].start, path[-1]):
                return found
    return []


def _named(heading: str) -> str:
    return _QUALIFIER.split(_ARGUMENTS.sub("", heading.strip("` \t")).strip())[-1]


def _entry(symbol: Symbol, units: Sequence[Unit], evidence: Sequence[Evidence]) -> list[Unit]:
    """Return the units below a line that names a symbol, up to the next such line or heading, in their order.

    A piece of evidence may end with that line; the next one then says what it means.
    """
    above = "".join(re.escape(f"{part}.") for part in symbol.above)
    line = re.compile(_LINE.format(above=above, name=re.escape(symbol.name)), re.MULTILINE)
    for place in sorted(range(len(evidence)), key=lambda place: -_nearness(symbol, evidence[place])):
        one = evidence[place]
        head = line.search(one.text)
        if head is None or not (head["above"] or _is_above(symbol, one, ())):
            continue
        end = one.start + head.end()
        ends = not one.text[head.end() :].strip()
        pieces = [_follows(other, one) if ends else at == place for at, other in enumerate(evidence)]
        below = sorted((unit for unit in units if pieces[unit.evidence] and unit.start >= end), key=_START)
        heading = one.landmark_at(one.start + head.start()).heading_path
        if entry := [unit for unit in below if _heads(unit, evidence, end) == heading]:
            return entry
    return []


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
    return {*symbol.above} <= {*path, *_names(one, path)}


def _nearness(symbol: Symbol, one: Evidence) -> int:
    return len({*symbol.of} & _names(one, ()))


def _names(one: Evidence, path: Sequence[str]) -> set[str]:
    return {word for text in (one.source, one.title, *path) for word in _WORDS.findall(text)}
