"""Names by their capital letters, quoted names, acronyms with their expansion; in any script that has capitals. Pure.

Whether a capital letter only opens a sentence is not decided here: that takes the other documents.
"""

import re
from collections.abc import Iterator

from xnai_pipelines.graph.found import Find, Kind

LONGEST_QUOTED = 80  # characters


def _ranges(characters: Iterator[int]) -> str:
    """Return the code points as ranges of a character class."""
    ranges: list[list[int]] = []
    for code in characters:
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


CAPITAL = f"[{_ranges(code for code in range(0x10000) if chr(code).isupper() or chr(code).istitle())}]"

# Words between the capitals of one name, in the languages whose names have them.
_PARTICLES = (
    "of the|of|de la|de los|de las|de|del|della|delle|dei|degli|di|da|dos|das|do|du|des|la|le|von der|von|van der|"
    "van den|van de|van|zu|zur|zum|am|ter|ten|den|der|bin|ibn|bint|al|el|ul|af|av|the|for"
)
_INITIALS = rf"{CAPITAL}\.(?:[ -]?{CAPITAL}\.)*"
_PREFIX = r"(?:(?:al|el|ul|ad|an|ar|as|at|az|d|l|O)[-’']|[^\W\d_]{1,2})?"  # al-Dawla, d'Artagnan, iPhone
_WORD = rf"{_PREFIX}{CAPITAL}\w*(?:[’'](?!s\b)\w+|[-‑–&]\w+|/(?={CAPITAL})\w+)*"
_BLANK = r"(?:[ \t\u00a0]+(?:\n[ \t]*)?|\n[ \t]*)"
_GAP = rf"(?:{_BLANK}(?:(?:{_PARTICLES}){_BLANK})?|{_BLANK}?&{_BLANK}?|[’']s{_BLANK})"
_TOKEN = rf"(?:{_INITIALS}|{_WORD})"
_NAME = re.compile(rf"(?<![\w/@.#$\\]){_TOKEN}(?:{_GAP}{_TOKEN})*(?:[ \u00a0]\d{{1,3}}(?![\w.,:%]))?(?![\w@\\])")
_QUOTES = (("“", "”"), ("„", "“”"), ("«", "»"), ("»", "«"), ("「", "」"), ("『", "』"), ("《", "》"), ('"', '"'))
_QUOTED = re.compile(
    "|".join(
        # few blanks, and none is tried twice: a quotation mark before a page of blanks would take minutes
        rf"{opening}\s{{0,2}}+"
        rf"([^{opening}{closing}\s][^{opening}{closing}\n]{{0,{LONGEST_QUOTED - 1}}}?)\s{{0,2}}[{closing}]"
        for opening, closing in _QUOTES
    )
)
_ENDS_SENTENCE = re.compile(r"[.!?…,;:]\s|[,;]$")
_BRACKETED = re.compile(rf"[ \u00a0]\(\s?({CAPITAL}[\w&-]{{1,9}})s?\s?\)")
_WORDS = re.compile(r"[^\W_]+(?:[’'][^\W_]+)?")
_ELIDED = re.compile(r"\A(?:[dDlL]|[qQ]u|[dD]ell|[nN]ell)[’'](?=\w)")  # "l'eau"
_ARTICLES = frozenset(
    ["The", "An", "Der", "Die", "Das", "Ein", "Eine", "Le", "La", "Les", "Une", "El", "Los", "Las", "Una"]
)
_SMALL = frozenset(_PARTICLES.replace("|", " ").split()) | {"and", "und", "et", "y", "e"}


def names(text: str) -> Iterator[Find]:
    """Yield runs of capitalised words, with the particles and initials between them."""
    for match in _NAME.finditer(text):
        if match.end() - match.start() > 1 and match.group() not in _ARTICLES:
            yield Find(match.start(), match.end(), Kind.NAME, "capitals")


def quoted_names(text: str) -> Iterator[Find]:
    """Yield what stands in quotation marks and begins with a capital letter, a digit or a letter without case."""
    for match in _QUOTED.finditer(text):
        start, end = match.span(match.lastindex or 0)
        inner = text[start:end].rstrip(",.;: ")
        first = inner[:1]
        is_name = first.isupper() or first.isdigit() or (first.isalpha() and not first.islower())
        if is_name and len(inner) > 1 and len(inner.split()) <= 10 and not _ENDS_SENTENCE.search(inner):
            yield Find(start, start + len(inner), Kind.WORK, "quotes")


def acronyms(text: str) -> Iterator[tuple[Find, Find]]:
    """Yield each acronym in brackets with the words before it that it abbreviates: "knowledge graph (KG)"."""
    for match in _BRACKETED.finditer(text):
        expansion = _expansion(text, match.start(), match[1])
        if expansion is not None:
            short = Find(match.start(1), match.end(1), Kind.NAME, "acronym")
            yield short, Find(*expansion, Kind.TERM, "expansion")


def _expansion(text: str, end: int, acronym: str) -> tuple[int, int] | None:
    """Return the range of the words that end at `end` and whose initials are the acronym's letters."""
    plural = acronym.endswith("s") and acronym[:-1].isupper()  # "knowledge graphs (KGs)"
    letters = [letter.lower() for letter in (acronym[:-1] if plural else acronym) if letter.isalnum()]
    if len(letters) < 2 or not any(letter.isupper() for letter in acronym[1:]):
        return None
    before = max(text.rfind("\n\n", 0, end) + 1, end - 12 * (len(letters) + 2))
    words = list(_WORDS.finditer(text, before, end))
    left = len(letters)
    for word in reversed(words[-2 * len(letters) - 1 :]):
        initial = _ELIDED.sub("", word.group())[0].lower()
        if initial == letters[left - 1]:
            left -= 1
            if not left:
                elided = _ELIDED.match(word.group())
                return word.start() + (elided.end() if elided else 0), end
        elif word.group().lower() not in _SMALL:
            return None
    return None
