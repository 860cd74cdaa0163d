"""Dates, ranges, bounds and shares, which are written in more than one way, each in one form. Pure.

"At most" and "no more than" before a number are one bound, "half of" is 50 %, "6-12" is "from 6 to 12", and 31.08.2026
is 31 August 2026. To add a language, add its words to the tables.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from xnai_pipelines.answers.verification.number_words import NUMBER

RANGE = "range"  # what joins the two ends of a range
BOUND = "operator:"

_DATE = re.compile(
    r"\b(?:(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
    r"|(?P<d>\d{1,2})(?P<mark>[./])(?P<m>\d{1,2})(?P=mark)(?P<y>(?:19|20)\d\d))\b(?![./-]\d)"
)
_RANGE = re.compile(
    rf"(?:\b(?P<first>from|von|de|da|van|от|с)\s+)?(?<![\w.,])(?:{NUMBER})(?P<to>\s?[-–]\s?|\s+(?:to|bis|à|a|tot|до|по)\s+)"
    rf"(?=\d)|\b(?P<between>between|zwischen|entre|tra|tussen|между)\s+(?:{NUMBER})(?P<and>\s+(?:and|und|et|y|e|en|и)\s+)(?=\d)",
    re.IGNORECASE,
)
_BOUNDS = {
    ">=": r"at least|not? (?:less|fewer) than|a minimum of|mindestens|nicht weniger als|au moins|al menos|almeno"
    r"|ten minste|не менее(?: чем)?|не меньше(?: чем)?|как минимум|минимум",
    "<=": r"at most|not? more than|a maximum of|up to|höchstens|nicht mehr als|maximal|bis zu|au plus|a lo sumo"
    r"|al massimo|ten hoogste|не более(?: чем)?|не больше(?: чем)?|не выше|максимум",
    ">": r"more than|over|above|exceeding|mehr als|über|plus de|más de|più di|meer dan|свыше|более(?: чем)?"
    r"|больше(?: чем)?|выше",
    "<": r"less than|fewer than|under|below|weniger als|unter|moins de|menos de|meno di|minder dan|менее(?: чем)?"
    r"|меньше(?: чем)?|ниже",
}
_BEFORE_A_NUMBER = [
    (sign, re.compile(rf"\b(?:{words})(?=\s+[$€£]?\d)", re.IGNORECASE)) for sign, words in _BOUNDS.items()
]
_COUNTS = {
    word: count
    for count, words in enumerate(
        ("a one ein eine одна", "two zwei две", "three drei три", "four vier четыре"), start=1
    )
    for word in words.split()
}
# Stems by what they divide by.
_PARTS = {
    2: "half|hälfte|половин",
    3: "third|drittel|трет",
    4: "quarter|viertel|четв",
    5: "fifth|fünftel|пят",
    8: "eighth|achtel|восьм",
    10: "tenth|zehntel|десят",
}
_SHARE = re.compile(
    r"\b(?:(?:(?P<count>a|one|two|three|four)[ -])?(?P<en>half|thirds?|quarters?|fifths?|eighths?|tenths?)"
    r"(?=\s+(?:of|the)\b)"
    r"|(?:(?P<zahl>eine?|zwei|drei|vier) )?(?P<de>hälfte|drittel|viertel|fünftel|achtel|zehntel)"
    r"(?=\s+(?:der|des|aller|von)\b)"
    r"|(?:(?P<число>одна|две|три|четыре) )?(?P<ru>половин[аы]|треть|трети|четверт[ьи]"
    r"|(?:треть|четв[её]рт|пят|восьм|десят)(?:ая|ых|ой|ую|ые) част[ьией]+)(?=\s+\w)"
    r"|(?<![\d/])(?P<over>\d)/(?P<under>\d{1,2})(?=\s+[^\W\d_]))",
    re.IGNORECASE,
)


class Rewritten(NamedTuple):
    """A stretch of a text and the terms that stand for it, in order; none if it adds nothing."""

    start: int
    end: int
    terms: tuple[str, ...]


def rewritten(text: str) -> list[Rewritten]:
    """Return the stretches of a text that are read in another form, in order; they do not overlap."""
    found: list[Rewritten] = []
    for read in (_dates, _shares, _bounds, _ranges):
        taken = [(one.start, one.end) for one in found]
        found += [one for one in read(text) if not any(one.start < end and start < one.end for start, end in taken)]
    return sorted(found)


def _dates(text: str) -> Iterator[Rewritten]:
    for match in _DATE.finditer(text):
        year, month, day = (
            int(match[one] or match[other]) for one, other in (("year", "y"), ("month", "m"), ("day", "d"))
        )
        if match["mark"] == "/":  # 31/08 and 08/31 are clear, 08/07 is not
            day, month = max(day, month), min(day, month)
            if day <= 12:
                continue
        if 1 <= month <= 12 and 1 <= day <= 31:
            yield Rewritten(*match.span(), (f"#{day}", f"month:{month}", f"#{year}"))


def _shares(text: str) -> Iterator[Rewritten]:
    for match in _SHARE.finditer(text):
        count = match["count"] or match["zahl"] or match["число"]
        if match["over"]:
            over, under = int(match["over"]), int(match["under"])
        else:
            part = (match["en"] or match["de"] or match["ru"]).lower()
            under = next(value for value, stems in _PARTS.items() if part.startswith(tuple(stems.split("|"))))
            over = _COUNTS[count.lower()] if count else 1
        plain = match["en"] and not count and under != 2  # the third of them
        if under and not plain:
            percent = (Decimal(100 * over) / under).quantize(Decimal("0.1")).normalize()
            yield Rewritten(*match.span(), (f"#{percent:f}", "unit:%"))


def _bounds(text: str) -> Iterator[Rewritten]:
    found: list[Rewritten] = []
    for sign, pattern in _BEFORE_A_NUMBER:  # "no more than" before the "more than" in it
        for match in pattern.finditer(text):
            if not any(one.start < match.end() and match.start() < one.end for one in found):
                found.append(Rewritten(*match.span(), (f"{BOUND}{sign}",)))
    yield from found


def _ranges(text: str) -> Iterator[Rewritten]:
    for match in _RANGE.finditer(text):
        for group in ("first", "between"):
            if match[group]:
                yield Rewritten(*match.span(group), ())
        yield Rewritten(*match.span("to" if match["to"] else "and"), (RANGE,))
