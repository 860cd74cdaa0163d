"""The stem of a word in the language of its passage. Pure.

Snowball has stemmers of 27 languages. In other languages with many endings the first four letters of a word are its
stem: for Turkish, first letters are as good as a morphological analysis (Can et al., "Information retrieval on Turkish
texts", 2008) and better than its Snowball stemmer. Five would part "kapı" (door) and "kapılar", and "kitap" (book) and
"kitabı". Hebrew words lose their prefixes and endings.
"""

from functools import cache, lru_cache
from typing import Any

STEM_MARK = ":"  # no word begins with letters and a colon: identifiers such as "a:b" are not stemmed

_SNOWBALL = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "et": "estonian", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian",
    "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch",
    "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish",
    "ta": "tamil",
}  # fmt: skip
_CUT = frozenset({"az", "be", "bg", "bs", "cs", "hr", "ka", "kk", "lv", "mk", "pl", "sk", "sl", "sq", "tr", "uk"})
_FIRST = 4  # letters
STEMMED = frozenset({*_SNOWBALL, *_CUT, "he"})

_FINAL = str.maketrans("ךםןףץ", "כמנפצ")
_PREFIXES = "ושהכלבמ"  # and, that, the, as, to, in, from
_ENDINGS = ("יות", "ות", "ימ", "ית", "ה", "ת", "י")
_SHORTEST = 3  # letters that are left of a Hebrew word


@lru_cache(maxsize=100_000)
def stem(word: str, language: str | None) -> str:
    """Return the word's term in a language: its stem, or the word itself under "" if there is no stemmer."""
    if language not in STEMMED:
        return STEM_MARK + word
    return f"{language}{STEM_MARK}{_stemmed(word, language)}"


def _stemmed(word: str, language: str) -> str:
    if language == "he":
        return _hebrew(word)
    if language in _CUT:
        return word[:_FIRST]
    stemmed: str = _stemmer(language).stemWord(word)
    return stemmed


def _hebrew(word: str) -> str:
    """Return a word without an ending and without prefixes, as far as three letters are left.

    Letters of a root that look like a prefix go too: of all forms of the word alike.
    """
    word = word.translate(_FINAL)
    ending = next((one for one in _ENDINGS if word.endswith(one) and len(word) - len(one) >= _SHORTEST), "")
    word = word.removesuffix(ending)
    while len(word) > _SHORTEST and word[0] in _PREFIXES:
        word = word[1:]
    return word


@cache
def _stemmer(language: str) -> Any:
    import Stemmer

    return Stemmer.Stemmer(_SNOWBALL[language])
