"""Mentions that a regular expression tells apart: dates, versions, identifiers, addresses, settings, commands. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from xnai_pipelines.graph.found import Find, Kind


@dataclass(frozen=True, slots=True)
class Pattern:
    """A kind of mention by its regular expression; its last group is the mention if there is one.

    `asks` is a simple expression that a text with such a mention has: most texts need not be searched.
    """

    kind: Kind
    name: str
    expression: str
    asks: str


# fmt: off
MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December|"
    "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec|"
    "Januar|Jänner|Februar|März|Mai|Juni|Juli|Oktober|Dezember|"
    "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|"
    "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|"
    "gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|"
    "janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro|"
    "januari|februari|maart|mei|juni|juli|augustus|oktober|"
    "января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря|"
    "يناير|فبراير|مارس|أبريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر"
)
# fmt: on
_YEAR = r"[1-9]\d{2,3}"
_YEAR_ALONE = r"(?:1\d|20)\d\d"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th|er|º|\.)?"
_DATE = (
    rf"{_DAY}\s(?:de\s|of\s)?(?:{MONTHS})\.?(?:,?\s(?:de\s)?{_YEAR})?"
    rf"|(?:{MONTHS})\.?\s(?:{_DAY}(?:\s?,)?\s)?{_YEAR}"
    rf"|(?:{MONTHS})\s{_DAY}(?!\d)"
    rf"|{_YEAR}-[01]\d-[0-3]\d"
    rf"|{_YEAR_ALONE}"
)
_DATE_IN_CHARACTERS = rf"(?<![\d.,]){_YEAR}年(?:\d{{1,2}}月(?:\d{{1,2}}日)?)?"  # beside which no word ends

_HYPHEN, _DOT, _DOTS, _UNDERSCORE = r"[A-Z\d]-[A-Z\d]", r"\w\.[a-z_]\w", r"\d\.\d+\.\d", r"[a-z\d]_[a-z\d]"

# In the order in which they win over each other. To add one, add a line.
PATTERNS = (
    Pattern(Kind.ADDRESS, "address", r"\b(?:https?|ftp)://[^\s<>\"'`)\]}]*[\w/]", "://"),
    Pattern(Kind.EMAIL, "email", r"(?<![\w.+-])[.+-]*+(\w[\w.+-]*+@[\w-]+(?:\.[\w-]+)+)\b", r"\w@\w"),
    Pattern(Kind.IDENTIFIER, "cve", r"\bCVE-\d{4}-\d{4,7}\b", "CVE-"),
    Pattern(
        Kind.IDENTIFIER,
        "code",
        r"\b(?=[A-Z\d-]{0,40}[A-Z])(?=(?:[A-Z-]{0,40}\d){2})[A-Z\d]+(?:-[A-Z\d]+)+\b",
        r"[A-Z\d]-[A-Z\d]",
    ),
    Pattern(Kind.IDENTIFIER, "number", r"\b(?:RFC|ISO|PEP|IEC|DIN|ISBN|DOI|EN)[ -]?\d[\d.-]*\d\b", r"[A-Z][ -]?\d"),
    Pattern(Kind.SETTING, "setting", r"(?<![\w$/.])\$?([A-Z][A-Z\d]*(?:_[A-Z\d]+)+)\b", r"[A-Z\d]_[A-Z\d]"),
    Pattern(
        Kind.VERSION, "version", r"(?<![\w.])v?\d+\.\d+\.\d+(?:[.-]?(?:a|b|rc|dev|post)\d*)?(?![\w.]\w)", r"\d\.\d+\.\d"
    ),
    Pattern(Kind.COMMAND, "option", r"(?<![\w-])--[a-z][a-z\d]*(?:-[a-z\d]+)*", r"--[a-z]"),
    Pattern(
        Kind.SYMBOL, "dotted", r"(?<![\w./@-])[a-z_]\w*(?:\.[a-z_]\w+)+(?:\.[A-Z]\w+)?(?![\w/@-])", r"\w\.[a-z_]\w"
    ),
    Pattern(
        Kind.SYMBOL,
        "underscored",
        r"(?<![\w./@-])_{0,2}[a-z][a-z\d]*(?:_[a-z\d]+)+_{0,2}(?![\w/@-])",
        r"[a-z\d]_[a-z\d]",
    ),
    Pattern(Kind.DATE, "date", rf"{_DATE_IN_CHARACTERS}|(?<![\w.,/-])(?:{_DATE})(?![\w/])(?!\.\d)", r"\d"),
)
_COMPILED = tuple((pattern, re.compile(pattern.expression), re.compile(pattern.asks)) for pattern in PATTERNS)


def pattern_finds(text: str) -> Iterator[list[Find]]:
    """Yield the finds of each pattern."""
    for pattern, expression, asks in _COMPILED:
        if asks.search(text):
            ranges = [match.span(expression.groups) for match in expression.finditer(text)]
            yield [
                Find(start, end, pattern.kind, pattern.name)
                for start, end in ranges
                if pattern.kind is Kind.ADDRESS or not text.startswith("](", max(0, start - 2))  # a link's target
            ]
