"""Numbers as a spreadsheet shows them, from the number format of their cell (ECMA-376 part 1, section 18.8.31)."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from itertools import takewhile
from math import isfinite
from typing import Any

_SECTION = re.compile(r'((?:"[^"]*"?|\[[^\]]*\]?|[\\_*].|[^;])*);', re.DOTALL)
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<filler>.)|\[\$(?P<currency>[^\]\-]*)[^\]]*\]'
    r"|\[(?P<condition>[<>=][^\]]*)\]|\[(?P<colour>[^\]]*)\]|(?P<general>General)|(?P<digit>[0#?.,]+)"
    r"|(?P<exponent>E[+-])|(?P<letter>[A-Za-z])|(?P<sign>.)",
    re.DOTALL | re.IGNORECASE,
)
_CONDITION = re.compile(r"(<>|<=|>=|=|<|>)\s*(-?[\d.]+)")
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_GENERAL = "General"
_NEGATIVE, _ZERO = 1, 2  # sections of a format; the first is for all other numbers
_LARGEST_EXACT = 10**15
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")  # ECMA-376 part 1, section 22.9.2.19
_TIME = re.compile(r"[hs]|AM/PM", re.IGNORECASE)


def shown(value: Any, number_format: str) -> str:
    """Return a value as the sheet shows it: digits, signs and words of its format, days without a time, long times.

    A fraction that the format would round to a whole number keeps its digits.
    """
    if isinstance(value, str):
        return _ESCAPED.sub(lambda code: chr(int(code.group(1), 16)), value)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, datetime):
        return str(value) if _TIME.search(number_format) else value.date().isoformat()
    is_number = isinstance(value, int | float) and isfinite(value)
    if not is_number or number_format in {"General", "@"}:
        return str(value)
    section, sign = _section(value, _sections(number_format))
    if section is None:
        return str(value)
    return " ".join(section.of(abs(value), sign).split()) or str(value)


def _duration(value: timedelta) -> str:
    """Return hours, which may be more than a day has, minutes, and seconds if there are any."""
    sign, seconds = "-" * (value < timedelta(0)), round(abs(value).total_seconds())
    shown_as = f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}"
    return f"{shown_as}:{seconds % 60:02}" if seconds % 60 else shown_as


@dataclass(frozen=True, slots=True)
class _Section:
    """The part of a format for some numbers, such as the negative ones.

    Attributes:
        before, after: Words and signs around the number.
        digits: Placeholders of the number with the signs between them; "" if the section shows words alone.
        holds: Comparison and number of its condition, None without one.
    """

    before: str
    digits: str
    after: str
    holds: tuple[str, float] | None

    def of(self, value: float, sign: str) -> str:
        """Return a number that is not negative, with its sign, as the section shows it."""
        return f"{sign}{self.before.lstrip()}{self._number(value)}{self.after}" if self.digits else self.before

    def _number(self, value: float) -> str:
        if self.digits == _GENERAL:
            return str(value)
        if set(self.digits) - set("0#?.,"):
            return _between_signs(value, self.digits)
        whole, _, decimals = self.digits.partition(".")
        scale = sum(1 for _ in takewhile(",".__eq__, reversed(whole))) + decimals.count(",")
        whole, decimals = whole.rstrip(","), decimals.rstrip(",")
        if "%" in self.after + self.before:
            value = round(value * 100, 9)
        elif scale:
            value /= 1000**scale
        if not decimals and not scale and value != int(value):
            return f"{value:,}" if "," in whole else str(value)
        number = f"{_rounded(value, len(decimals)):{',' if ',' in whole else ''}f}"
        optional = len(decimals) - len(decimals.rstrip("#?"))
        for _ in range(optional):
            number = number.removesuffix("0")
        number = number.removesuffix(".")
        if "0" not in whole and (number == "0" or number.startswith("0.")):
            return number[1:]
        return number if "," in whole else number.zfill(len(number) - len(number.partition(".")[0]) + whole.count("0"))


def _rounded(value: float, places: int) -> Decimal:
    """Return a number rounded as spreadsheets do: halves up, by the digits that are written."""
    exact = Decimal(repr(value))
    return exact if value >= _LARGEST_EXACT else exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _section(value: float, sections: tuple[_Section | None, ...]) -> tuple[_Section | None, str]:
    """Return the section for a number, and the sign to write: none if the section is that of negative numbers."""
    sign = "-" if value < 0 else ""
    if any(one is not None and one.holds for one in sections):
        for one in sections:
            if one is None or one.holds is None or _COMPARED[one.holds[0]](value, one.holds[1]):
                return one, sign
        return None, sign
    if value < 0 and len(sections) > _NEGATIVE:
        return sections[_NEGATIVE], ""
    return sections[_ZERO if value == 0 and len(sections) > _ZERO else 0], sign


@lru_cache(maxsize=1000)
def _sections(number_format: str) -> tuple[_Section | None, ...]:
    numbers = _SECTION.findall(f"{number_format};")[: _ZERO + 1]  # the section after them is for texts
    return tuple(map(_parsed, numbers))


def _parsed(section: str) -> _Section | None:
    """Return a section, None if it shows something else than a number in digits, such as a date or a fraction."""
    before, digits, after = "", "", ""
    holds = None
    for token in _TOKEN.finditer(section):
        kind, words = token.lastgroup, token.group(token.lastgroup or 0)
        if kind in {"letter", "exponent"}:
            return None
        if kind == "condition":
            compared = _CONDITION.match(words)
            holds = (compared.group(1), float(compared.group(2))) if compared else None
        elif kind == "general":
            digits = _GENERAL
        elif kind == "digit" and set(words) - set(".,"):
            digits += after + words
            after = ""
        elif kind not in {"filler", "colour"}:
            shown_as = " " if kind == "space" else f" {words}" if words == "%" else words
            before, after = (before, after + shown_as) if digits else (before + shown_as, after)
    return None if "/" in digits else _Section(before, digits, after, holds)


def _between_signs(value: float, digits: str) -> str:
    """Return a whole number with signs between its digits, as in a phone number."""
    if value != int(value):
        return str(value)
    left = list(str(int(value)))
    out: list[str] = []
    first = min(digits.find(sign) for sign in "0#?" if sign in digits)
    for at in range(len(digits) - 1, -1, -1):
        if digits[at] not in "0#?":
            out.append(digits[at])
        elif left or digits[at] == "0":
            out.append(left.pop() if left else "0")
        if at == first:
            out += reversed(left)
    return "".join(reversed(out))
