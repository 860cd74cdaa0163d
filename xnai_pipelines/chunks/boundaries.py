"""Where a text may be cut: sentence starts by rule, and grapheme boundaries (Unicode Standard Annex 29)."""

import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

_CLOSERS = r"[\"'”’»›)\]}*_`」』）】〕》〉]"
# Every quantifier is possessive, and a run of terminators matches only from its start: linear on any text.
_GAP = re.compile(
    rf"(?P<spaced>(?<![.!?…؟۔।॥։።‼⁇⁈⁉])[.!?…؟۔।॥։።‼⁇⁈⁉]++{_CLOSERS}*+)\s++"
    rf"|[。！？｡．]++{_CLOSERS}*+\s*+"
    r"|\n[ \t]*+\n\s*+"
    r"|\n(?=[ \t]*+(?:[-*+•‣]|[0-9]{1,3}[.)]|\|)[ \t])"
)
_LAST_WORD = re.compile(r"[^\W_](?:[\w.]*[^\W_])?\Z")

# Abbreviations that never end a sentence. "etc." or "Inc." may: there the capital letter after it decides.
# fmt: off
_ABBREVIATIONS = frozenset(
    {
        "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "rev", "hon", "gen", "col", "capt", "lt",
        "sgt", "fig", "figs", "eq", "eqs", "ref", "refs", "sec", "sect", "ch", "chap", "vol", "no",
        "nos", "p", "pp", "ed", "eds", "vs", "cf", "ca", "approx", "resp", "viz", "e.g", "i.e", "eg",
        "ie", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "z.b",
        "d.h", "bzw", "vgl", "nr", "abb", "bspw", "ggf", "usw", "u.a", "mme", "mlle", "cap", "pág",
        "sra", "srta", "ud", "т.е", "т.к", "т.н", "см", "рис", "ул", "им", "проф", "акад", "гг", "стр",
    }
)
# fmt: on

_ZERO_WIDTH_JOINER = 0x200D
_REGIONAL_INDICATORS = (0x1F1E6, 0x1F1FF)
# Characters that extend the one before them although their category is not that of a mark.
_EXTENDING_RANGES = (
    (0x1160, 0x11FF),  # Hangul vowels and finals
    (0x200C, 0x200D),  # joiners
    (0xFF9E, 0xFF9F),  # halfwidth voiced marks
    (0x1F3FB, 0x1F3FF),  # skin tones
    (0xE0020, 0xE007F),  # tags, as in the flag of Scotland
)


def sentence_starts(text: str, start: int, end: int) -> list[int]:
    """Return the ascending offsets at which sentences start inside `text[start:end]`, without `start` itself.

    A blank line and a list item also start a sentence. A full stop after an abbreviation, an initial or a list number
    does not end one. Nothing ends a sentence before a lower-case letter.
    """
    return [
        match.end()
        for match in _GAP.finditer(text, start, end)
        if start < match.end() < end and not (match["spaced"] and _continues(text, match, start))
    ]


def _continues(text: str, match: re.Match[str], start: int) -> bool:
    if match.group().count("\n") > 1:
        return False
    if text[match.end()].islower():
        return True
    if match["spaced"] != ".":
        return False
    before = text[max(start, match.start() - 24) : match.start()]
    word = _LAST_WORD.search(before)
    if word is None:
        return False
    stem = word.group()
    if stem.isdigit():
        lead = before[: word.start()].rpartition("\n")
        return len(stem) < 4 and not lead[2].strip() and (bool(lead[1]) or match.start() - start < 24)
    is_initial = len(stem) == 1 and stem.isupper()
    return is_initial or stem.lower() in _ABBREVIATIONS


def grapheme_interiors(text: str) -> NDArray[np.bool_] | None:
    """Return a bool array [len(text)], true if a cut before that character would split a grapheme.

    None if the text is ASCII, which has no such place. CR LF counts as two graphemes: chunks end before white space.
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
    """Return which characters are the second half of a flag: flags are pairs, counted from the start of a run."""
    low, high = _REGIONAL_INDICATORS
    indicator = (codes >= low) & (codes <= high)
    index = np.arange(len(codes))
    run_start = np.maximum.accumulate(np.where(indicator, 0, index + 1))
    second: NDArray[np.bool_] = indicator & ((index - run_start) % 2 == 1)
    return second
