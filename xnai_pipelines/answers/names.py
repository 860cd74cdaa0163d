"""The names of people, organisations and places in a text, and the roles that stand for people. Pure."""

import re
from collections.abc import Iterator

from xnai_pipelines.search.function_words import function_words
from xnai_pipelines.search.words import fold

_SAME = 5  # first letters in which two forms of a word agree

_CAPITAL = r"(?:[A-ZÀ-ÖØ-ÞŁŚŻŹŠŽČĆĐŐŰİА-ЯЁ][\w'’&-]*|[A-Z]\.)"
_RUN = re.compile(rf"{_CAPITAL}(?:(?: (?:of|the|de|du|la|von|van|der|di|и|&) | ){_CAPITAL})*")
_OPENING = re.compile(r"[\s\"'“«(*\-#|>]*")
_CODE = re.compile(r"`[^`\n]*`")
# Nouns that stand for somebody without a name: "the team lead approves it".
_ROLES = re.compile(
    r"\b(?:\w*(?:manager|director|team|department|committee|board|council|office|officer|company|agency|ministry|owner"
    r"|president|minister|engineer|doctor|nurse|teacher|supervisor|administrator|admin|author|user|customer|employee"
    r"|tenant|landlord|people|person|parents?|staff|keeper|worker|family|king|queen|court|police|team lead|chairman"
    r"|chairwoman"
    r"|firma|leitung|leiter(?:in)?|abteilung|amt|familie|gruppe|verein|behörde|nutzer|kunde|mitarbeiter(?:in)?"
    r"|chef(?:in)?|meister(?:in)?|vorstand|stadtrat)s?"
    r"|responsable|directeur|directrice|équipe|service|société|famille|ministère|mairie|équipo|director|empresa"
    r"|отдел\w*|директор\w*|начальник\w*|команд\w+|компани\w+|комитет\w*|совет\w*|бухгалтер\w*|руководител\w+"
    r"|администратор\w*|сотрудник\w*|владел\w+|автор\w*|семь\w+|люд\w+|служб\w+)\b",
    re.IGNORECASE,
)
# Times, units and formats: no names although they are written like some.
_NO_NAMES = """
    january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday januar februar marz mai juni juli oktober dezember montag dienstag mittwoch
    donnerstag freitag samstag sonntag i kb mb gb tb pdf utf csv json xml html http https url api sql cpu gpu ram
    ascii"""
_OTHERS = frozenset(_NO_NAMES.split())


def names(text: str, language: str, known: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of names, without those whose words are all known.

    Args:
        text: The text.
        language: Its language; German writes every noun with a capital, so a name there is two of them together.
        known: Forms of words that make no name, as those of the question.
    """
    code = [match.span() for match in _CODE.finditer(text)]
    ignored = _OTHERS | function_words([language or "en"])
    first = _first(text)
    for match in _RUN.finditer(text):
        if any(start <= match.start() < end for start, end in code):
            continue
        parts = [_known_as(part) for part in match.group().split()]
        parts = [part for part in parts if part not in ignored]
        told = [part for part in parts if form(part) not in known]
        single = len(parts) == 1
        if (single and (len(parts[0]) < 2 or match.start() == first or language == "de")) or not told:
            continue
        if not any(map(str.isdigit, match.group())):
            yield match.start(), match.end() - (2 if match.group().endswith(("'s", "’s")) else 0)


def begins_with_a_name(text: str, language: str, known: frozenset[str]) -> bool:
    """Return whether the first word may be a name: it is no function word, and not known."""
    match = _RUN.match(text, _first(text))
    word = match.group().split()[0] if match else ""
    return bool(word) and _known_as(word) not in function_words([language or "en"]) and form(word) not in known


def _first(text: str) -> int:
    """Return where the first word begins: its capital may be that of any word."""
    opening = _OPENING.match(text)
    return opening.end() if opening else 0


def roles(text: str, known: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of nouns that stand for somebody, without those that are known."""
    for match in _ROLES.finditer(text):
        if form(match.group()) not in known:
            yield match.span()


def is_new(name: str, known: frozenset[str]) -> bool:
    """Return whether no word of a name is known."""
    return not any(form(part) in known for part in name.split())


def form(word: str) -> str:
    """Return what two forms of a word have in common: "boats" and "boat", «маяк» and «маяка»."""
    return _known_as(word).rstrip("s")[:_SAME]


def _known_as(word: str) -> str:
    return fold(word.strip("'’.").removesuffix("'s").removesuffix("’s"))
