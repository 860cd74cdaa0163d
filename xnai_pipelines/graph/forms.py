"""The form of a name: folded words by which mentions are compared, and a qualifier in brackets. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from xnai_pipelines.graph.patterns import MONTHS

# A Latin or Greek letter and its accents; marks of other scripts are letters of their own.
_ACCENTS = re.compile("([A-Za-z\u00c0-\u024f\u0370-\u03ff\u1e00-\u1fff])[\u0300-\u036f]+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'", "‘": "'", "‐": "-", "‑": "-", "–": "-"})
_QUALIFIED = re.compile(r"(.*\S)\s*\(([^()]+)\)\Z", re.DOTALL)
_NUMBERED = re.compile(rf"(?:\d{{1,3}}\.)+\d{{0,3}}\s+(?!(?:{MONTHS})\b)(?=\D)")  # "8. Juli" is a day
_POSSESSIVE = re.compile(r"'s?\Z")
_LETTERS = r"[^\W_]+"
_APOSTROPHE = "['’ʼ‘]"
# A word, with what tells C, C++ and C# apart, and .NET from a net.
_WORD = re.compile(rf"(?:(?<!\S)\.(?=[^\W\d_]))?{_LETTERS}(?:{_APOSTROPHE}{_LETTERS})*(?:(?:\+\+|\#)(?!\w))?")
_PLAIN = re.compile("[A-Za-z]+(?: [A-Za-z]+)*")
_ADDRESS = re.compile(r"\w+://\S+|[^\s@]+@[^\s@]+\.[^\s@]+")


@dataclass(frozen=True, slots=True)
class Form:
    """How a surface is compared.

    Attributes:
        text: The surface in NFKC on one line, without a number before it.
        key: Its folded words, without a qualifier; the text itself if it has no words, and the folded text of an
            address, whose marks tell it from others.
        qualifier: Folded words in brackets at its end: "2013 film"; empty if there are none.
        words: The words of the text before the qualifier, as written.
    """

    text: str
    key: str
    qualifier: str
    words: tuple[str, ...]

    @property
    def qualified(self) -> str:
        """The key with its qualifier."""
        return f"{self.key} ({self.qualifier})" if self.qualifier else self.key


@lru_cache(maxsize=200_000)
def form_of(surface: str) -> Form:
    """Return the form of a surface."""
    if _PLAIN.fullmatch(surface):  # most are; the rest would find the same
        return Form(text=surface, key=surface.lower(), qualifier="", words=tuple(surface.split(" ")))
    text = surface
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).translate(_APOSTROPHES)
    text = " ".join(text.split())
    if _ADDRESS.fullmatch(text):
        return Form(text=text, key=folded(text), qualifier="", words=(text,))
    text = _NUMBERED.sub("", text, count=1) if text[:1].isdigit() else text
    qualified = _QUALIFIED.match(text) if text.endswith(")") else None
    bare = _POSSESSIVE.sub("", qualified[1] if qualified else text)
    words = tuple(_WORD.findall(bare))
    return Form(
        text=text,
        key=folded(" ".join(words)) or text,
        qualifier=folded(" ".join(_WORD.findall(qualified[2]))) if qualified else "",
        words=words,
    )


def start_of_word(surface: str, number: int) -> int:
    """Return where a word of a surface begins, from 0; 0 if it has no such word as it is written."""
    words = list(_WORD.finditer(surface))
    return words[number].start() if number < len(words) else 0


def folded(text: str) -> str:
    """Return the text without case; Latin and Greek letters lose their accents."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", _ACCENTS.sub(r"\1", unicodedata.normalize("NFD", text.casefold())))
