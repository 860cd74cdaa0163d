"""Where a text must not be cut: inside what a reader sees as one character (Unicode Standard Annex 29)."""

import unicodedata

import numpy as np
from numpy.typing import NDArray

_ZERO_WIDTH_JOINER = 0x200D
_REGIONAL_INDICATORS = (0x1F1E6, 0x1F1FF)
# They extend the character before them although their category is not that of a mark.
_EXTENDING_RANGES = (
    (0x1160, 0x11FF),  # Hangul vowels and finals
    (0x200C, 0x200D),  # joiners
    (0xFF9E, 0xFF9F),  # halfwidth voiced marks
    (0x1F3FB, 0x1F3FF),  # skin tones
    (0xE0020, 0xE007F),  # tags, as in the flag of Scotland
)


def grapheme_interiors(text: str) -> NDArray[np.bool_] | None:
    """Returns a bool array of `len(text)`, true where a cut before that character would split a grapheme.

    None where the text is ASCII, which has no such place. (CR LF counts as two: chunks end before white
    space.)
    """
    if text.isascii():
        return None
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    characters = set(text)
    extending = [ord(character) for character in characters if _extends(character)]
    interior = np.isin(codes, np.array(extending, dtype=np.uint32))
    interior[1:] |= codes[:-1] == _ZERO_WIDTH_JOINER
    if any(_is_regional_indicator(ord(character)) for character in characters):
        interior |= _second_of_a_flag(codes)
    interior[:1] = False
    return interior


def _extends(character: str) -> bool:
    code = ord(character)
    return unicodedata.category(character).startswith("M") or any(
        low <= code <= high for low, high in _EXTENDING_RANGES
    )


def _is_regional_indicator(code: int) -> bool:
    return _REGIONAL_INDICATORS[0] <= code <= _REGIONAL_INDICATORS[1]


def _second_of_a_flag(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Flags are pairs of regional indicators, counted from where a run of them begins."""
    low, high = _REGIONAL_INDICATORS
    indicator = (codes >= low) & (codes <= high)
    index = np.arange(len(codes))
    run_start = np.maximum.accumulate(np.where(indicator, 0, index + 1))
    second: NDArray[np.bool_] = indicator & ((index - run_start) % 2 == 1)
    return second
