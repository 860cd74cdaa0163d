"""Words that a line break of a PDF cuts, and letters that its fonts do not name. Pure."""

import re
from collections.abc import Iterable

# PDFium marks the hyphens at the ends of lines, of broken and of compound words alike.
_BROKEN = re.compile("([\\w'’-]*)[\ufffe\x02][ \t]*(?:\r\n|\r|\n)?([\\w'’]*)")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_UNNAMED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NO_CHARACTER = re.compile("[\ue000-\uf8ff\ufffd]")
_SHORTEST_REST = 4
_ENDINGS = ("ing", "ings", "ness", "ation", "able", "ible", "ment", "ments", "ical", "ally", "ward", "wards", "less")
# First parts of compounds that English writes with a hyphen. Each is a word, and seldom the first syllable of another.
# fmt: off
_FIRST_PARTS = frozenset(
    {
        "all", "back", "built", "cross", "double", "end", "face", "far", "fast", "first", "five", "four", "free",
        "full", "half", "hard", "heavy", "high", "higher", "ill", "in-house", "large", "last", "left", "light", "long",
        "longer", "low", "lower", "mid", "middle", "multi", "near", "non", "one", "on-site", "open", "part", "point",
        "quasi", "read", "ready", "real", "right", "second", "self", "semi", "short", "shorter", "single", "six",
        "slow", "small", "so", "state", "step", "ten", "third", "three", "time", "top", "two", "user", "well", "wide",
        "world", "write", "year", "zero",
    }
)
# fmt: on


def rejoined(pages: Iterable[str]) -> list[str]:
    """Return the texts with the words joined that line breaks cut.

    A hyphen stays if the document writes the word with it elsewhere, if the word has another hyphen, if both parts are
    names or hold a digit, or if the first part is one that English joins by a hyphen, such as "long-term".
    """
    texts = list(pages)
    if not any("\ufffe" in text or "\x02" in text for text in texts):
        return texts
    known = {word.lower() for text in texts for word in _WORD.findall(_BROKEN.sub(" ", text))}

    def joined(found: re.Match[str]) -> str:
        first, rest = found.groups()
        return f"{first}-{rest}" if _keeps_hyphen(first, rest, known) else first + rest

    return [_BROKEN.sub(joined, text) for text in texts]


def _keeps_hyphen(first: str, rest: str, known: set[str]) -> bool:
    if not first or not rest:
        return bool(first) and not rest
    if f"{first}-{rest}".lower() in known:
        return True
    if (first + rest).lower() in known:
        return False
    if "-" in first or any(char.isdigit() for char in first + rest) or (first[0].isupper() and rest[0].isupper()):
        return True
    is_ending = len(rest) < _SHORTEST_REST or rest.startswith(_ENDINGS)
    return first.lower() in _FIRST_PARTS and not is_ending


def has_unnamed_letters(text: str) -> bool:
    """Return whether PDFium had no character for a letter: it then gives its code, a private one or none."""
    return _UNNAMED.search(text) is not None or _NO_CHARACTER.search(text) is not None


def with_unnamed_letters_marked(text: str) -> str:
    """Return the text with U+FFFD for the letters without a character map, which come as control characters."""
    return _UNNAMED.sub("\ufffd", text)
