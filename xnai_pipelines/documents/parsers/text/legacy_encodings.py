"""Finds the encoding of a text that is not Unicode, by the shortest description of its letters.

Every language of `alphabets` is tried in every encoding of its texts. A letter costs the fewer bits the more frequent
it is in the language (Shannon's code length). What no text has costs many: a letter of another alphabet within a
word, a capital after a small letter, a sign within a word, a byte that the encoding lacks. If the letters leave
several readings, the language that the whole text looks like decides.
"""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from xnai_pipelines.documents.parsers.text.alphabets import (
    DRAWN,
    IDEOGRAPHS,
    LANGUAGES,
    PUNCTUATION,
    WIDE_PUNCTUATION,
    Ideographs,
    Language,
)
from xnai_pipelines.documents.parsers.text.language import language_ranks

_SAMPLE_BYTES = 4096
_RARE_ENCODING = 2.5  # bits per place in the list of a language's encodings
_DOS = ("cp437", "cp850", "cp852", "cp866", "cp737", "cp857", "cp862")
_DAMAGED, _CONTROL, _FOREIGN = 16.0, 18.0, 14.0
_BREACH = 6.0
_PLAUSIBLE_BITS = 9.0  # per byte beyond ASCII; readings at random take more
_MIN_BYTES = 3
_CLOSE_BITS = 2.0
_COMPARED_BITS = 16.0
_MAX_LANGUAGE_BITS = 8.0
_KANA = re.compile("[\u3041-\u30fe]")
_KANJI_ONLY_BITS = 3.0
_NEVER_FIRST = set("ьъы")
_BESIDE_DIGITS = set("£¥¼½¾±")
_ONLY_LAST = set("ךםןףץς")


@dataclass(frozen=True, slots=True)
class Decoding:
    """One way to read a text: the encoding, its script, and its cost in bits."""

    encoding: str
    script: str
    language: str
    bits: float
    text: str


def legacy_encoding(data: bytes) -> str | None:
    """Return the encoding of bytes that are not Unicode text, None if no encoding or several scripts are plausible."""
    sample = _sample(data)
    beyond = sum(byte >= 0x80 for byte in sample)
    readings = sorted(_with_language(sorted(_readings(sample), key=_bits)), key=_bits)
    if not beyond or not readings or readings[0].bits > _PLAUSIBLE_BITS * beyond + _BREACH:
        return None
    best = readings[0]
    rivals = [one for one in readings if one.script != best.script and one.bits < best.bits + _CLOSE_BITS]
    too_little = best.script != "Latin" and beyond < _MIN_BYTES  # "я" is a word, and any byte at random
    return None if rivals or too_little else best.encoding


def _bits(reading: Decoding) -> float:
    return reading.bits


def _sample(data: bytes) -> bytes:
    """Return lines with bytes beyond ASCII. A line feed is never the second byte of a wide character."""
    lines: list[bytes] = []
    size = 0
    for line in data.splitlines(keepends=True):
        if not line.isascii():
            lines.append(line[:_SAMPLE_BYTES])
            size += len(lines[-1])
        if size >= _SAMPLE_BYTES:
            break
    return b"".join(lines)


def _readings(sample: bytes) -> Iterator[Decoding]:
    for language in LANGUAGES:
        for place, encoding in enumerate(language.encodings):
            text = _decoded(sample, encoding)
            bits = language.rarity + place * _RARE_ENCODING + _narrow_bits(text, language, encoding in _DOS)
            yield Decoding(encoding, language.script, language.code, bits, text)
    for wide in IDEOGRAPHS:
        for place, encoding in enumerate(wide.encodings):
            text = _decoded(sample, encoding)
            bits = 1.0 + place * _RARE_ENCODING / 2 + _wide_bits(text, wide)
            yield Decoding(encoding, wide.script, wide.code, bits, text)


@cache
def _decoded(sample: bytes, encoding: str) -> str:
    return sample.decode(encoding, errors="replace")


def _with_language(readings: list[Decoding]) -> Iterator[Decoding]:
    """Yield the readings that are close to the first, with the bits by which the text looks like another language."""
    ranks: dict[str, dict[str, float]] = {}
    for reading in readings:
        if reading.bits > readings[0].bits + _COMPARED_BITS:
            return
        rank = ranks.setdefault(reading.text, language_ranks(reading.text))
        unlike = min(_MAX_LANGUAGE_BITS, -math.log2(max(rank.get(reading.language, 0.0), 1e-9))) if rank else 0.0
        yield Decoding(reading.encoding, reading.script, reading.language, reading.bits + unlike, reading.text)


@cache
def _letter_bits(letters: str, drawn: bool, share: float) -> dict[str, float]:
    """Return the cost of each letter by Zipf's law, and that of punctuation, which has the rest of the share."""
    signs = PUNCTUATION + DRAWN * drawn
    bits = _zipf(signs, 1 - share)
    return bits | _zipf(letters, share)


def _zipf(letters: str, share: float) -> dict[str, float]:
    weights = {letter: 1 / (place + 2) for place, letter in reversed(list(enumerate(letters)))}
    total = sum(weights.values())
    return {letter: -math.log2(share * weight / total) for letter, weight in weights.items()}


def _narrow_bits(text: str, language: Language, dos: bool) -> float:
    english = language.code == "en"  # its texts have more signs than accents
    costs = _letter_bits(language.letters, dos, 0.3 if english else 0.85)
    cost_of_place = _latin_place_bits if language.script == "Latin" else _other_place_bits
    bits = 0.0
    for at, char in enumerate(text):
        if char.isascii():
            continue
        before, after = text[at - 1] if at else " ", text[at + 1] if at + 1 < len(text) else " "
        if char == before and char in DRAWN:
            bits += 1.0  # a line goes on
            continue
        small = char.lower()
        bits += costs.get(char, costs[small] + 3 if small in costs else _unknown(char))
        if char.isalpha():
            bits += _BREACH * (char.isupper() and before.islower()) + cost_of_place(small, before, after)
            bits += _BREACH * (char.isupper() and before.isupper() and after.islower())
            bits += _BREACH * (char.islower() and "A" <= after <= "Z")
        else:
            bits += _sign_bits(char, before, after)
    return bits


def _sign_bits(char: str, before: str, after: str) -> float:
    """Return what a sign beyond ASCII costs for its neighbours."""
    if before.isalpha() and after.isalpha() and char not in "’·\u00ad" and not unicodedata.combining(char):
        return _BREACH
    beside_letter = char in _BESIDE_DIGITS and (before.isalpha() or after.isalpha())
    beside_sign = not before.isascii() and not before.isalpha() and char not in PUNCTUATION[:9] + DRAWN
    return _BREACH / 2 * (beside_letter + beside_sign)


def _latin_place_bits(_: str, before: str, after: str) -> float:
    """Return what a letter beyond ASCII costs for its neighbours: it stands in a word, seldom beside another one."""
    if not before.isalpha() and not after.isalpha():
        return 3.0
    return 2.0 * (before.isalpha() and not before.isascii())


def _other_place_bits(letter: str, before: str, after: str) -> float:
    bits = _BREACH * (_is_ascii_letter(before) + _is_ascii_letter(after))
    if letter in _NEVER_FIRST and not before.isalpha():
        bits += _BREACH
    if letter in _ONLY_LAST:
        bits += _BREACH if after.isalpha() else -2.0
    return bits


def _wide_bits(text: str, language: Ideographs) -> float:
    costs = _common_bits(language)
    if language.script == "Kana" and not _KANA.search(text):  # a title or a name: of its characters a few are enough
        return _KANJI_ONLY_BITS + sum(
            (costs.get(char) or _rare_bits(char, language)) - 2.0 for char in text if not char.isascii()
        )
    return sum(costs.get(char) or _rare_bits(char, language) for char in text if not char.isascii())


@cache
def _common_bits(language: Ideographs) -> dict[str, float]:
    return _zipf(WIDE_PUNCTUATION, 0.1) | _zipf("".join(dict.fromkeys(language.common)), language.common_share)


@cache
def _rare_bits(char: str, language: Ideographs) -> float:
    """Return the cost of a character that is not among the most frequent: level 1 of its standard, level 2, others."""
    if unicodedata.category(char) in {"Cn", "Co", "Cc"} or char == "\ufffd":
        return _CONTROL
    try:
        row = char.encode(language.level)[0]
    except UnicodeEncodeError:
        return 22.0
    if language.first <= row <= language.last:
        return 13.0 + (language.script == "Kana")
    return 17.0 if row > language.last or row > 0xA8 else 14.0


def _unknown(char: str) -> float:
    if char == "\ufffd":
        return _DAMAGED
    return _CONTROL if unicodedata.category(char) in {"Cc", "Co", "Cn"} else _FOREIGN


def _is_ascii_letter(char: str) -> bool:
    return char.isascii() and char.isalpha()
