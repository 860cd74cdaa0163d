"""Mentions that a regular expression tells apart: dates, versions, identifiers, addresses, settings, commands. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from xnai_pipelines.graph.found import Find, Kind


@dataclass(frozen=True, slots=True)
class Pattern:
    """A kind of mention by its regular expression; group 1 is the mention if there is one.

    `asks` is a set of characters of which the text must have one: most texts need not be searched.
    """

    kind: Kind
    name: str
    expression: re.Pattern[str]
    asks: str


# fmt: off
_MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December|"
    "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec|"
    "Januar|Jänner|Februar|März|Mai|Juni|Juli|Oktober|Dezember|"
    "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|"
    "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|"
    "gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|"
    "janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro|"
    "januari|februari|maart|mei|juni|juli|augustus|oktober|"
    "января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря"
)
# fmt: on
_YEAR = r"[1-9]\d{2,3}"
_YEAR_ALONE = r"(?:1\d|20)\d\d"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th|er|º|\.)?"
_DATE = (
    rf"{_DAY}\s(?:de\s|of\s)?(?:{_MONTHS})\.?(?:,?\s(?:de\s)?{_YEAR})?"
    rf"|(?:{_MONTHS})\.?\s(?:{_DAY}(?:\s?,)?\s)?{_YEAR}"
    rf"|(?:{_MONTHS})\s{_DAY}(?!\d)"
    rf"|{_YEAR}-[01]\d-[0-3]\d"
    rf"|{_YEAR}年(?:\d{{1,2}}月(?:\d{{1,2}}日)?)?"
    rf"|{_YEAR_ALONE}"
)

# In the order in which they win over each other. To add one, add a line.
PATTERNS = (
    Pattern(Kind.ADDRESS, "address", re.compile(r"\b(?:https?|ftp)://[^\s<>\"'`)\]}]*[\w/]"), ":"),
    Pattern(Kind.EMAIL, "email", re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"), "@"),
    Pattern(Kind.IDENTIFIER, "cve", re.compile(r"\bCVE-\d{4}-\d{4,7}\b"), "C"),
    Pattern(Kind.IDENTIFIER, "code", re.compile(r"\b(?=[A-Z\d-]*[A-Z])(?=(?:[A-Z-]*\d){2})[A-Z\d]+(?:-[A-Z\d]+)+\b"), "-"),
    Pattern(Kind.IDENTIFIER, "number", re.compile(r"\b(?:RFC|ISO|PEP|IEC|DIN|ISBN|DOI|EN)[ -]?\d[\d.-]*\d\b"), "0123456789"),
    Pattern(Kind.SETTING, "setting", re.compile(r"(?<![\w$/.])\$?([A-Z][A-Z\d]*(?:_[A-Z\d]+)+)\b"), "_"),
    Pattern(Kind.VERSION, "version", re.compile(r"(?<![\w.])v?\d+\.\d+\.\d+(?:[.-]?(?:a|b|rc|dev|post)\d*)?(?![\w.]\w)"), "."),
    Pattern(Kind.COMMAND, "option", re.compile(r"(?<![\w-])--[a-z][a-z\d]*(?:-[a-z\d]+)*"), "-"),
    Pattern(Kind.SYMBOL, "dotted", re.compile(r"(?<![\w./@-])[a-z_]\w*(?:\.[a-z_]\w+)+(?:\.[A-Z]\w+)?(?![\w/@-])"), "."),
    Pattern(Kind.SYMBOL, "underscored", re.compile(r"(?<![\w./@-])_{0,2}[a-z][a-z\d]*(?:_[a-z\d]+)+_{0,2}(?![\w/@-])"), "_"),
    Pattern(Kind.DATE, "date", re.compile(rf"(?<![\w.,/-])(?:{_DATE})(?![\w/])(?!\.\d)"), "0123456789"),
)  # fmt: skip


def pattern_finds(text: str) -> Iterator[list[Find]]:
    """Yield the finds of each pattern."""
    for pattern in PATTERNS:
        if not pattern.asks or any(character in text for character in pattern.asks):
            group = 1 if pattern.expression.groups else 0
            yield [Find(*match.span(group), pattern.kind, pattern.name) for match in pattern.expression.finditer(text)]
