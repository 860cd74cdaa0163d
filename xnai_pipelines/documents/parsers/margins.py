"""Headers and footers of printed pages."""

import re

_NUMBER = re.compile(r"\d+")
_MAX_NUMBERS = 2  # "3 / 12"
_MAX_DIGITS = 4


def is_page_number(text: str) -> bool:
    """Return whether a header or footer says no more than which page it is on: no letter, at most two short numbers."""
    numbers = [number for number in _NUMBER.findall(text) if number.strip("0")]
    is_short = len(numbers) <= _MAX_NUMBERS and all(len(number) <= _MAX_DIGITS for number in numbers)
    return is_short and not any(map(str.isalpha, text))
