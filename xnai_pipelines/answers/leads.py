"""What stands above a part of a text and does not answer itself: a question, a heading in bold, a line with a colon.

What follows is read with it: the answer of an FAQ with its question, the items of a list with the line that leads to
them, what an option of a command does with the option.
"""

import re
from collections import deque
from collections.abc import Sequence
from itertools import takewhile
from typing import TypeAlias

from xnai_pipelines.answers.entries import Entry, entry_at
from xnai_pipelines.answers.items import FIELD_NAME, LIST_MARK

Range: TypeAlias = tuple[int, int]

_ITEM = re.compile(rf"(?:{LIST_MARK}|{FIELD_NAME})[ \t]+")
_HEADING = re.compile(r"^#{1,6}[ \t]", re.MULTILINE)
_QUESTION = re.compile(r"[?？؟][\"'”’»)\]*_`]*\Z")
_BOLD = re.compile(r"(?P<mark>\*\*|__)[^*_\n]{1,200}(?P=mark)[.:：]?\Z")
_COLON = (":", "：")
_LONGEST_QUESTION = 200  # characters of a line that ends in one
# An option of a command, or an identifier: `--depth <n>`, `max_connections (integer)`, `branch.sort`.
_IDENTIFIER = r"(?!\d)(?=\w{0,60}[^\W_][._]\w)\w[\w.*<>-]{0,100}(?<!\.)(?: \([^\n()]{1,40}\))?"
_OPTION = rf"(?:(?:-{{1,2}}[\[\w?#]|<\w)[^\n]{{0,100}}(?<![.!?:。])|{_IDENTIFIER})"
_TERM = re.compile(_OPTION + r"\Z")
_SAYS = r"[^\n]{60}|[^\n]*[.:;!?。](?:\s|\Z)"  # a line that says something, and is no list of names
_MOST_NAMES = 4  # of one option
_SAYS_SOMETHING = re.compile(_SAYS)
# Options in lines of their own, one below the other, above what they do.
_TERMS = re.compile(rf"(?:\A|(?<=\n\n))(?P<terms>{_OPTION}(?:\n\n{_OPTION}){{0,{_MOST_NAMES - 1}}})\n\n(?={_SAYS})")


def leads(text: str, parts: Sequence[Range]) -> list[tuple[Range, ...] | None]:
    """Return for each part the ranges that it is read with, the outermost first; None if it is one of those itself.

    A question that stands alone on its lines, or ends one, leads up to the next one, to a heading in bold or to a
    heading; so does an option of a command, and a heading in bold, within its paragraph if it is not alone either. A
    line with a colon leads to the list below it, the terms of an entry to all of its text. What nothing follows leads
    to nothing.
    """
    found: list[tuple[Range, ...] | None] = []
    entry: Entry | None = None
    topic: Range | None = None
    terms: Range | None = None
    listed: Range | None = None
    for at, part in enumerate(parts):
        gap = text[parts[at - 1][1] if at else 0 : part[0]]
        if _HEADING.search(gap) or (topic and "\n\n" in gap and not _alone(text, topic)):
            topic = None
        if "\n" in gap and not _ITEM.match(text, part[0]):
            listed = None
        following = parts[at + 1] if at + 1 < len(parts) else None
        before, entry = entry, entry_at(text, part[0])
        if entry != before:
            topic, listed = entry.terms if entry else None, None
        if entry and part[1] <= entry.terms[1]:
            found.append(None)
            continue
        terms = (terms[0] if terms else part[0], part[1]) if _is_term(text, part) else None
        if terms and _say_what_it_does(text, parts[at : at + _MOST_NAMES + 1]):
            topic, listed = terms, None
            found.append(None)
        elif following and _is_topic(text, part) and not _ends_before(text, part, following):
            topic, listed = part, None
            found.append(None)
        elif following and _leads_to_list(text, part, following):
            listed = part
            found.append(None)
        else:
            found.append(tuple(lead for lead in (topic, listed) if lead))
    return found


def term_above(text: str, at: int) -> Range | None:
    """Return the range of the terms that a place in a text says something of, None if there are none."""
    if entry := entry_at(text, at):
        return entry.terms if at >= entry.start else None
    before = takewhile(lambda match: match.end() <= at, _TERMS.finditer(text))
    found = deque(before, maxlen=1)
    if not found or _HEADING.search(text, found[0].end("terms"), at):
        return None
    return found[0].span("terms")


def _is_term(text: str, part: Range) -> bool:
    return bool(_TERM.match(text, *part)) and _alone(text, part)


def _say_what_it_does(text: str, parts: Sequence[Range]) -> bool:
    """Return whether the parts behind an option say what it does, after other names that it may have."""
    following = next((part for part in parts[1:] if not _is_term(text, part)), None)
    if following is None or _HEADING.search(text, parts[0][1], following[0]):
        return False
    return bool(_SAYS_SOMETHING.match(text, following[0]))


def _is_topic(text: str, part: Range) -> bool:
    start = item.end() if (item := _ITEM.match(text, part[0])) else part[0]
    return bool(_BOLD.match(text, start, part[1])) or (
        bool(_QUESTION.search(text, start, part[1])) and _alone(text, part)
    )


def _ends_before(text: str, part: Range, following: Range) -> bool:
    gap = text[part[1] : following[0]]
    ends = _HEADING.search(gap) or ("\n\n" in gap and not _alone(text, part))
    return bool(ends) or _is_topic(text, following)


def _leads_to_list(text: str, part: Range, following: Range) -> bool:
    is_item = _ITEM.match(text, following[0]) and "\n" in text[part[1] : following[0]]
    return bool(is_item) and text[part[0] : part[1]].rstrip("*_ ").endswith(_COLON)


def _alone(text: str, part: Range) -> bool:
    """Return whether nothing else is on the lines of a part, or a question ends a short paragraph of one line."""
    if text[part[1] : part[1] + 1] not in ("", "\n"):
        return False
    begins = text.rfind("\n", 0, part[0]) + 1
    is_paragraph = text[begins - 2 : begins] in ("", "\n\n") and text[part[1] : part[1] + 2] == "\n\n"
    short = is_paragraph and part[1] - begins <= _LONGEST_QUESTION and _QUESTION.search(text, *part)
    return bool(short) or not text[begins : part[0]].strip()
