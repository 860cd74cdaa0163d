"""Readability: formulas of the Flesch family, each for the language that it was fitted to. Others are not scored."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from xnai_pipelines.documents.health.corpus import Examined
from xnai_pipelines.documents.health.finding import Finding, Severity, found

MIN_WORDS = 100
MIN_SENTENCES = 5
MAX_SENTENCE_WORDS = 60  # on average; above it the text is a list, not sentences
EASY = 50.0  # reading ease from which a text counts as readable: a school leaver reads it
VERY_DIFFICULT = 20.0


@dataclass(frozen=True, slots=True)
class Formula:
    """Reading ease: base - per_sentence * words a sentence - per_word * syllables a word; 0 hard, 100 easy."""

    base: float
    per_sentence: float
    per_word: float
    vowels: str
    source: str


FORMULAS = {
    "en": Formula(206.835, 1.015, 84.6, "aeiouy", "Flesch 1948"),
    "de": Formula(180.0, 1.0, 58.5, "aeiouyäöü", "Amstad 1978"),
    "es": Formula(206.84, 1.02, 60.0, "aeiouáéíóúü", "Fernández Huerta 1959"),
    "fr": Formula(207.0, 1.015, 73.6, "aeiouyàâéèêëîïôùûüœ", "Kandel and Moles 1958"),
    "it": Formula(206.0, 1.0, 65.0, "aeiouàèéìòù", "Franchina and Vacca 1972"),
    "nl": Formula(206.84, 0.93, 77.0, "aeiouyéëïöü", "Douma 1960"),
    "pt": Formula(248.835, 1.015, 84.6, "aeiouáâãàéêíóôõúü", "Martins 1996"),
    "ru": Formula(206.835, 1.3, 60.1, "аеёиоуыэюя", "Oborneva 2006"),
    "tr": Formula(198.825, 2.61, 40.175, "aeıioöuüâîû", "Ateşman 1997"),
}
"""To score another language, add a line."""

_VOWELS = {language: re.compile(f"[{formula.vowels}]+") for language, formula in FORMULAS.items()}
_EACH_VOWEL = frozenset(("ru", "tr"))  # languages without diphthongs: each vowel is a syllable
_SKIPPED_LINE = re.compile(r"^[ \t]*(?:#|\||\+[-=]|\.\. |:[\w-]+:|/{3}|!!!|[-=~^*\"'`]{3,}[ \t]*$|\{).*$", re.MULTILINE)
_NOT_WORDS = re.compile(r"https?://\S{1,500}|!?\[|\]\([^()\s]{0,500}\)|\{[^{}\n]{0,200}\}|<[^<>\n]{0,500}>|[`*_|]")
_SENTENCE_END = re.compile(r"[.!?…](?=\s|$)|\n[ \t]*\n|\n[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]")
_WIDE_SCRIPT = re.compile(r"[぀-ヿ㐀-鿿가-힯฀-๿]")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Readability:
    """How long a page is, in words, and its reading ease; None for a language without a formula or too little prose."""

    words: int
    ease: float | None


def reading(document: Examined) -> Readability:
    """Return the length and the reading ease of the prose, without headings, tables and targets of links.

    Two characters of a script without spaces count as one word.
    """
    plain = _NOT_WORDS.sub(" ", _SKIPPED_LINE.sub("\n", document.prose))
    words = _WORD.findall(plain)
    wide = 0 if plain.isascii() else len(_WIDE_SCRIPT.findall(plain))
    if wide > len(plain) // 10:
        return Readability(wide // 2, None)
    formula = FORMULAS.get(document.language or "")
    if formula is None or len(words) < MIN_WORDS:
        return Readability(len(words), None)
    sentences = sum(_WORD.search(part) is not None for part in _SENTENCE_END.split(plain))
    if sentences < MIN_SENTENCES or len(words) > MAX_SENTENCE_WORDS * sentences:
        return Readability(len(words), None)
    counts = Counter(words)
    syllables = sum(_syllables(word.lower(), document.language or "") * count for word, count in counts.items())
    per_sentence, per_word = len(words) / sentences, syllables / len(words)
    return Readability(len(words), formula.base - formula.per_sentence * per_sentence - formula.per_word * per_word)


def readability(ease: float) -> float:
    """Return a reading ease as a score: 0 at 0, 1 from 50 on."""
    return min(1.0, max(0.0, ease / EASY))


def hard_to_read(document: Examined, ease: float) -> Finding | None:
    """Return a finding if the page is very difficult to read."""
    if ease >= VERY_DIFFICULT:
        return None
    severity = Severity.WARNING if ease < 0 else Severity.INFO
    message = f"Very difficult to read: reading ease {ease:.0f} ({FORMULAS[document.language or ''].source})."
    action = "Shorten the sentences and use shorter words."
    return found(document, "hard_to_read", severity, message, action=action)


@lru_cache(maxsize=200_000)
def _syllables(word: str, language: str) -> int:
    groups = _VOWELS[language].findall(word)
    if language in _EACH_VOWEL:
        return max(1, sum(map(len, groups)))
    count = len(groups)
    if language in ("en", "fr") and word.endswith("e") and not word.endswith(("le", "ée")) and count > 1:
        count -= 1
    return max(1, count)
