"""The words of a text as the keyword index knows them: exact forms, stems by language, identifiers whole and in parts.

Pure. A term is an exact form such as "running", or a stem with its language such as "en:run". A passage whose language
is unknown or has no stemmer has its words as ":running", so every passage has exact forms and stems.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from xnai_pipelines.search.function_words import FUNCTION_WORDS, function_words
from xnai_pipelines.search.stems import stem

ANALYSER = 6  # raised when the same text gives other terms: the stored ones are then made again

# Scripts written with signs on their letters: Hebrew, Arabic, Indic and others; of Latin and Greek the accents.
_SIGNED = [chr(code) for code in (*range(0x300, 0x1D00), *range(0x1DC0, 0x1E00), *range(0xA800, 0xAC00))]
_MARKS = "".join(sign for sign in _SIGNED if unicodedata.category(sign).startswith("M"))
_DIGITS = {ord(sign): str(unicodedata.decimal(sign)) for sign in _SIGNED if sign.isdecimal()}

# Soft hyphen, zero-width characters, marks of direction, tatweel, vowel signs of Arabic and Hebrew, variants of glyphs.
_INVISIBLE = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u0640\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\ufe00-\ufe0f]"
)
_ALIKE = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\u05be", "-") | {"\u2019": "'", "\u02bc": "'"} | _DIGITS
)
_LETTERS = str.maketrans("ıёøłđأإآٱىةیکۀ", "iеoldاااايهيكه") | {ord("æ"): "ae", ord("œ"): "oe"}
# A Latin or Greek letter and the accents on it.
_ACCENTS = re.compile("([A-Za-z\u00c0-\u024f\u0370-\u03ff\u1e00-\u1fff])[\u0300-\u036f]+")
# Scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han; and Hangul, whose nouns have particles at them.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
LETTER = rf"[^\W_][{_MARKS}]*"  # or digit
# What (?:LETTER)+ finds, and the same with underscores and without unspaced writing, in the form that is found fastest.
RUN, _JOINED = (rf"{one}+(?:[{_MARKS}]+{one}*)*" for one in (r"[^\W_]", rf"[^\W{_UNSPACED}]"))
_OPTION = r"(?:(?<![\w-])--?(?=[A-Za-z]))?"  # before the name of a command's option
_TOKEN = re.compile(rf"[{_UNSPACED}]+|{_OPTION}{_JOINED}(?:[-_./\\:@#&'+=~]+{_JOINED})*(?:\+\+|\#)?")
UNSPACED_WRITING = re.compile(rf"[{_UNSPACED}]")
_MARK = re.compile(rf"[{_MARKS}]")
_PART = re.compile(rf"{RUN}(?:\+\+|\#)?")
_CASES = re.compile(rf"[A-Z]+(?![a-z])|[A-Z]?(?:[a-z]|[^\W\dA-Za-z_][{_MARKS}]*)+|\d+")
# What people look up. Years, dates, ranges and decades are not: 2024-01-15, 24.12.2024, 1998-2001, mid-1990s; nor is
# IL-6 or JavaScript.
_DATE = r"\d{4}[-/]\d{1,4}(?:[-/]\d+)?|\d{1,2}[-/]\d{1,2}[-/]\d+|(?:\d{1,2}\.){2}(?:19|20)\d\d|[A-Z]?[a-z]+-\d{4}s?"
_LOOKUP = re.compile(
    rf"(?!(?:{_DATE})$)(?:"
    r"(?=(?:\D*\d){4})[^\W\d_][\w.-]*"  # INV-2024-100105, chir99021
    r"|(?=(?:\D*\d){7})\d[\w/-]*[-/][\w/-]*"  # 978-3-16-148410-0
    r"|\d{5,}|v?\d+(?:\.\d+){2,}(?::\d+)?"  # 4711815, v1.2.3, 10.0.0.1:8080
    r"|(?=(?:\D*\d){3})\d+[A-Z]+\d+[A-Z\d]*|[A-Z]{2,}-\d{3,}"  # 1N4148, OPS-123
    r"|(?i:0x[\da-f]{4,}|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})"  # 0x80070005, a UUID
    r"|(?=\D*\d)(?=\d*[a-f])(?![a-f]+\d{1,2}$)[\da-f]{7,}"  # a hash, but not decade7
    r"|[a-z]{2,}(?:[A-Z][a-z0-9]+)+|(?:[A-Z][a-z0-9]+){3,}"  # maxConnections, NullPointerException
    r"|[A-Z]\w+(?:Error|Exception)"
    r"|.*(?:::|://|[_\\@]|#.|/.*/).*)$"  # std::vector, http://localhost, max_size, etc/nginx/nginx.conf
)
_ABBREVIATION = re.compile(r"(?:St|Dr|Mr|Mrs|Ms|Prof|Nr|No|Fig|Vol)\.")
_INNER_CAPITAL = re.compile(r"[a-z][A-Z]")
_FUNCTION_WORDS = function_words(FUNCTION_WORDS)


@dataclass(frozen=True, slots=True)
class Word:
    """A word in its exact form.

    Attributes:
        text: The folded word.
        identifier: Whether it is never stemmed: it has digits, joiners or inner capitals, or is unspaced writing.
        lookup: Whether people look it up, so that passages with it come first: a path, an address, a dotted,
            underscored or camel-cased name, a hash, a code of at least 4 digits; not "IL-6", "iPhone" or "1998".
    """

    text: str
    identifier: bool = False
    lookup: bool = False


def normalise(text: str) -> str:
    """Return the text in NFKC without invisible characters, with one kind of hyphen and apostrophe."""
    return text if text.isascii() else _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).translate(_ALIKE)


def folded(text: str) -> str:
    """Return the text in lower case; Latin and Greek letters lose their accents, other scripts keep their marks."""
    if text.isascii():
        return text.lower()
    marked = unicodedata.normalize("NFD", text.replace("\u0130", "i").casefold().translate(_LETTERS))
    return unicodedata.normalize("NFC", _ACCENTS.sub(r"\1", marked))


@lru_cache(maxsize=100_000)
def fold(word: str) -> str:
    """Return the folded word; words come again, so they are folded once."""
    return folded(word)


def words(text: str) -> Iterator[Word]:
    """Yield the words of a text in order; of an identifier the whole, then its parts.

    Of unspaced writing the letters and the pairs of letters are yielded: which of them are words is not known. A
    function word in capitals may be a name, as in "IT policy" and "WHO guidelines": it is followed by itself in
    capitals, unless the text has no small letters.
    """
    shouted = text.isupper() and " " in text
    for match in _TOKEN.finditer(normalise(text)):
        token = match.group()
        if token.startswith("-"):  # an option of a command: -xzf, --verbose
            yield Word(fold(token), identifier=True)
            token = token.lstrip("-")
        if UNSPACED_WRITING.match(token):
            yield from (Word(part, identifier=True) for part in _letters_and_pairs(token))
        elif _is_spoken(token) and not _INNER_CAPITAL.search(token):
            yield Word(fold(token))
            if len(token) > 1 and token.isupper() and not shouted and fold(token) in _FUNCTION_WORDS:
                yield Word(token, identifier=True)
        else:
            yield from _compound(token)


def title(said: Iterable[Word]) -> list[str]:
    """Return the words of a title in order, those of unspaced writing as pairs of letters."""
    small = (word.text for word in said if not word.text.isupper())
    return [word for word in small if len(word) > 1 or not UNSPACED_WRITING.match(word)]


def _letters_and_pairs(run: str) -> Iterator[str]:
    yield from run
    yield from map(str.__add__, run, run[1:])


def _is_spoken(token: str) -> bool:
    """Return whether a token has letters alone, and marks on them."""
    return token.isalpha() or (not token.isascii() and _MARK.sub("", token).isalpha())


def _compound(token: str) -> Iterator[Word]:
    parts = _PART.findall(token)
    if "'" in token and all(map(_is_spoken, parts)):  # don't, l'homme
        yield from (Word(fold(part)) for part in parts)
        return
    cases = [piece for part in parts for piece in _CASES.findall(part)]
    plain = _is_spoken(token.replace("-", "")) and not _INNER_CAPITAL.search(token)
    yield Word(fold(token), identifier=not plain, lookup=_is_lookup(token, parts))
    if len(parts) > 1:
        yield from (Word(fold(part)) for part in parts)
        if plain or token.replace("-", "").isalnum():  # e-mail, and codes that are also written without hyphens
            yield Word(fold("".join(parts)), identifier=not plain)
    if len(cases) > len(parts):
        yield from (Word(fold(piece)) for piece in cases)


def _is_lookup(token: str, parts: Sequence[str]) -> bool:
    if _LOOKUP.match(token):
        return True
    dotted = len(parts) > 1 and "." in token and all(len(part) > 1 and not part.isdigit() for part in parts)
    return dotted and not _ABBREVIATION.match(token)


def terms(text: str, language: str | None) -> list[str]:
    """Return the terms that a passage in this language is indexed by: each word's exact form, then its stem."""
    found: list[str] = []
    for word in words(text):
        found.append(word.text)
        if not word.identifier:
            found.append(stem(word.text, language))
    return found
