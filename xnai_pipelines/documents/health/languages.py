"""Translated trees: folders or extensions named after a language, such as docs/de/page.md or page.de.md."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

# ISO 639-1. Codes that are common folder names in English (is, to, no, so, my, as, am, or, id, io) are left out.
CODES = frozenset((
    "af", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "eo", "es", "et",
    "eu", "fa", "fi", "fr", "ga", "gl", "gu", "he", "hi", "hr", "hu", "hy", "it", "ja", "ka", "kk", "km",
    "kn", "ko", "ky", "lt", "lv", "mk", "ml", "mn", "mr", "ms", "nb", "ne", "nl", "nn", "pa", "pl", "pt",
    "ro", "ru", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th", "tr", "uk", "ur", "uz", "vi", "zh",
))  # fmt: skip
_CODE = re.compile(r"([a-z]{2})(?:[-_](?:[a-zA-Z]{2}|[A-Za-z][a-z]{3}))?$")


@lru_cache(maxsize=100_000)
def _place(path: str) -> tuple[str, str, str] | None:
    """Return what stands before the language of a path, the language, and what stands after it."""
    parts = path.split("/")
    for at, part in enumerate(parts[:-1]):
        if _is_code(part):
            return "".join(f"{one}/" for one in parts[:at]), part, "/" + "/".join(parts[at + 1 :])
    stem, dot, extension = path.rpartition(".")
    base, dot_before, code = stem.rpartition(".")
    if dot and dot_before and _is_code(code) and base:
        return f"{base}.", code, f".{extension}"
    return None


def _is_code(word: str) -> bool:
    named = _CODE.match(word)
    return named is not None and named.group(1) in CODES


def tree_language(path: str) -> str | None:
    """Return the language that a path names, as it is written there; None if it names none."""
    place = _place(path)
    return place[1] if place else None


def in_language(path: str, language: str) -> str:
    """Return the path with another language in its place. A path without a language is returned as it is."""
    place = _place(path)
    return f"{place[0]}{language}{place[2]}" if place else path


def original_language(paths: Iterable[str]) -> str | None:
    """Return the language from which others are translated: English if there is any, else the one with most files.

    None if there are not two languages.
    """
    counts = Counter(language for path in paths if (language := tree_language(path)))
    if len(counts) < 2:
        return None
    english = sorted(language for language in counts if re.split("[-_]", language)[0] == "en")
    return english[0] if english else max(counts, key=lambda language: (counts[language], language))
