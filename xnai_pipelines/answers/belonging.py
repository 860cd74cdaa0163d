"""What belongs to a quoted unit: the exception right after it, the code it leads to, the signature above it. Pure."""

import re
from collections.abc import Sequence
from operator import attrgetter

from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.items import FENCE
from xnai_pipelines.answers.scoring import Unit
from xnai_pipelines.answers.symbols import is_signature

# What a sentence begins with that takes back a part of what was said before it.
_EXCEPTION = re.compile(
    r"\W*(?:(?:the |an |the only |one )?exceptions?\b|except\b|(?:this|that|it|the \w+)(?: rule| limit)? does not apply"
    r"|(?:die |eine |einzige )*ausnahmen?\b|ausgenommen\b|(?:dies|das|sie) gilt nicht|исключени[еяй]\b|кроме\b"
    r"|(?:это|он[аои]?|\w+) не (?:распространя|применя|действу)\w+|(?:la |l'|une |seule )*exception\b|sauf\b"
    r"|(?:la |una |única )*excepci[oó]n|salvo\b|(?:l'|un')?eccezione\b)",
    re.IGNORECASE,
)
_COLON = (":", "：")
SOON = 3  # parts of a text, within which it goes on to a command


def with_what_belongs(chosen: Sequence[Unit], units: Sequence[Unit], evidence: Sequence[Evidence]) -> list[Unit]:
    """Return the chosen units, each with the exception right after it, or the code that it leads to."""
    found: list[Unit] = []
    for unit in chosen:
        section = section_of(unit, evidence)
        later = (one for one in units if one.evidence == unit.evidence and one.start >= unit.end)
        following = min(later, key=lambda one: one.start, default=None)
        found.append(unit)
        if following and section_of(following, evidence) == section:
            excepted = _EXCEPTION.match(text_of(following, evidence))
            if excepted or (_announces(unit, evidence) and is_code(following, evidence)):
                found.append(following)
    return list(dict.fromkeys(found))


def _announces(unit: Unit, evidence: Sequence[Evidence]) -> bool:
    """Return whether a unit ends with a colon, or prose ends like no sentence: what stands below it goes on with it."""
    text = text_of(unit, evidence)
    return text.endswith(_COLON) or (text[-1].isalnum() and not is_code(unit, evidence))


def command_below(unit: Unit, units: Sequence[Unit], evidence: Sequence[Evidence], soon: int = SOON) -> list[Unit]:
    """Return the code that the section of a unit goes on to, and the line that leads to it; nothing if it is code.

    Args:
        unit: The unit.
        units: All units.
        evidence: The evidence.
        soon: Within how many parts of the text the code stands.
    """
    if is_code(unit, evidence):
        return []
    later = [one for one in units if one.evidence == unit.evidence and one.start >= unit.end]
    lead = unit
    for one in sorted(later, key=attrgetter("start"))[:soon]:
        if section_of(one, evidence) != section_of(unit, evidence):
            return []
        led = text_of(lead, evidence).endswith(_COLON)
        # what is indented in a text may be anything
        if FENCE.match(text_of(one, evidence)) or (led and is_code(one, evidence)):
            return [lead, one] if led and lead is not unit else [one]
        lead = one
    return []


def signature_above(unit: Unit, units: Sequence[Unit], evidence: Sequence[Evidence]) -> list[Unit]:
    """Return the signature at the head of the section that a unit stands in, if the evidence has it.

    The section may be cut into several pieces of evidence, of which the first begins with its heading.
    """
    document, path = section_of(unit, evidence)
    begins = [
        (mark.start, place)
        for place, one in enumerate(evidence)
        for mark in one.landmarks
        if path and (one.document_id, mark.heading_path) == (document, path) and mark.start <= unit.start
    ]
    for start, place in sorted(begins, reverse=True):
        below = [one for one in units if one.evidence == place and one.start >= start]
        head = min(below, key=attrgetter("start"), default=None)
        if head and evidence[place].heading_line(head.start, path[-1]):
            found = is_signature(text_of(head, evidence), path[-1], indented=is_code(head, evidence))
            return [head] if found else []
    return []


def is_code(unit: Unit, evidence: Sequence[Evidence]) -> bool:
    """Return whether a unit is code: between fences, or indented as a whole."""
    one = evidence[unit.evidence]
    begins = one.text.rfind("\n", 0, unit.start - one.start) + 1
    indent = one.text[begins : unit.start - one.start]
    return bool(FENCE.match(text_of(unit, evidence))) or (len(indent) > 1 and not indent.strip())


def text_of(unit: Unit, evidence: Sequence[Evidence]) -> str:
    """Return the characters of a unit."""
    return evidence[unit.evidence].quote(unit.start, unit.end)


def section_of(unit: Unit, evidence: Sequence[Evidence]) -> tuple[str, tuple[str, ...]]:
    """Return the document that a unit is in, and the headings above it."""
    one = evidence[unit.evidence]
    return one.document_id, one.landmark_at(unit.start).heading_path
