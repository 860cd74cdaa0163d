"""What stands above a part of a text and does not answer itself: a question, a heading in bold, a line with a colon.

What follows is read with it: the answer of an FAQ with its question, the items of a list with the line that leads to
them, what an option of a command does with the option.
"""

import re
from collections.abc import Sequence
from typing import TypeAlias

from xnai_pipelines.answers.items import FIELD_NAME, LIST_MARK

Range: TypeAlias = tuple[int, int]

_ITEM = re.compile(rf"(?:{LIST_MARK}|{FIELD_NAME})[ \t]+")
_HEADING = re.compile(r"^#{1,6}[ \t]", re.MULTILINE)
_QUESTION = re.compile(r"[?？؟][\"'”’»)\]*_`]*\Z")
_BOLD = re.compile(r"(?P<mark>\*\*|__)[^*_\n]{1,200}(?P=mark)[.:：]?\Z")
_COLON = (":", "：")
_LONGEST_QUESTION = 200  # characters of a line that ends in one
# An option of a command, or an identifier: `--depth <n>`, `max_connections (integer)`, `branch.sort`.
_OPTION = r"(?:(?:-{1,2}[\[\w?#]|<\w)[^\n]{0,100}(?<![.!?:。])|(?!\d)\w+(?:[._]\w[\w*<>-]*)+(?: \([^\n()]{1,40}\))?)"
_TERM = re.compile(_OPTION + r"\Z")
# Options in lines of their own, one below the other, above what they do.
_TERMS = re.compile(rf"(?:\A|(?<=\n\n))(?P<terms>{_OPTION}(?:\n\n{_OPTION})*)\n\n(?=\S)")


def leads(text: str, parts: Sequence[Range]) -> list[tuple[Range, ...] | None]:
    """Return for each part the ranges that it is read with, the outermost first; None if it is one of those itself.

    A question that stands alone on its lines, or ends one, leads up to the next one, to a heading in bold or to a
    heading; so does an option of a command, and a heading in bold, within its paragraph if it is not alone either. A
    line with a colon leads to the list below it. What nothing follows leads to nothing.
    """
    found: list[tuple[Range, ...] | None] = []
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
        terms = (terms[0] if terms else part[0], part[1]) if _is_term(text, part) else None
        if terms and following and not _HEADING.search(text, part[1], following[0]):
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
    """Return the range of the options of a command that a place in a text says something of, None if there are none."""
    found = None
    for match in _TERMS.finditer(text, 0, at + 1):
        found = match
    if found is None or found.end() > at or _HEADING.search(text, found.end("terms"), at):
        return None
    return found.span("terms")


def _is_term(text: str, part: Range) -> bool:
    return bool(_TERM.match(text, *part)) and _alone(text, part)


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
