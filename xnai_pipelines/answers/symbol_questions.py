"""Questions that name a symbol of the documents, such as `os.walk` or `--depth`, and ask one thing of it. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from xnai_pipelines.answers.how_to import asks_what_to_do
from xnai_pipelines.answers.languages.words import between_borders, languages


class Aspect(StrEnum):
    """What is asked of a symbol; what it does last, since other questions have the words of that too."""

    RETURNS = "returns"
    RAISES = "raises"
    DEFAULT = "default"
    ARGUMENTS = "arguments"
    DOES = "does"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol that a question names.

    Attributes:
        name: Its own name, the last part of a dotted one.
        above: What it belongs to: modules and classes.
        of: Words before an option, among them the command's: "git", "clone". They need not stand above it.
    """

    name: str
    above: tuple[str, ...] = ()
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SymbolQuestion:
    """What a question asks of a symbol; `only` if it asks nothing else, so that the first that tells it answers."""

    symbol: Symbol
    aspect: Aspect
    only: bool


_PART = r"[^\W\d]\w{0,60}"
_SYMBOL = re.compile(
    r"(?<![\w.-])(?:(?P<of>(?:[a-z][\w-]{0,40} ){0,6})(?P<option>--?[A-Za-z][\w-]{0,60})(?![\w.])"
    rf"|`?(?P<name>{_PART}(?:(?:\.|::){_PART}){{0,6}})(?P<called>\(\))?`?(?!\w))"
)
# What no word of a sentence looks like: dots, underscores or capitals inside.
_IDENTIFIER = re.compile(r"\w[._:]{1,2}\w|[a-z0-9][A-Z]|_")
_ENDS = " \t?!."
_PLACE = "\0"  # stands in a question where the symbol does
_AROUND = rf"(?:\S+ ){{0,4}}{_PLACE}(?: \w+)?"  # "the os.walk function", "git clone --bare"
_WORD = "(?-i:[a-z][a-z-]{0,40})"
_NEVER = r"(?!)"


@lru_cache(maxsize=1_000)
def symbol_question(question: str) -> SymbolQuestion | None:
    """Return the symbol that a question names and what it asks of it; None unless it does both.

    One how to do something asks nothing of a symbol, even if it names one.
    """
    if asks_what_to_do(question):
        return None
    found = _named(question)
    if found is None:
        return _of_a_command(question)
    symbol, (start, end) = found
    said = f"{question[:start]}{_PLACE}{question[end:]}".strip(_ENDS)
    if said == _PLACE:
        return SymbolQuestion(symbol, Aspect.DOES, only=True)
    for aspect, (whole, within) in _ASKS.items():
        if whole.fullmatch(said):
            return SymbolQuestion(symbol, aspect, only=True)
        if within.search(said):
            return SymbolQuestion(symbol, aspect, only=False)
    return None


def tells(aspect: Aspect, text: str) -> bool:
    """Return whether a part of a text speaks of what is asked of a symbol, in any of the languages."""
    return bool(_TELLS[aspect].search(text)) if aspect in _TELLS else False


def _named(question: str) -> tuple[Symbol, tuple[int, int]] | None:
    """Return the first symbol in a question, and its range; that of an option is without the words before it."""
    for found in _SYMBOL.finditer(question):
        if found["option"]:
            return Symbol(found["option"], of=tuple(found["of"].split())), found.span("option")
        if found["called"] or found[0].startswith("`") or _IDENTIFIER.search(found["name"]):
            *above, name = re.split(r"\.|::", found["name"])
            return Symbol(name, tuple(above)), found.span()
    return None


def _of_a_command(question: str) -> SymbolQuestion | None:
    """Return what a question asks of a command of several words, as `git stash pop` is one."""
    found = _COMMAND.fullmatch(question.strip(_ENDS))
    if found is None:
        return None
    *above, name = next(filter(None, found.groups())).split()
    return SymbolQuestion(Symbol(name, tuple(above)), Aspect.DOES, only=True)


def _words(aspect: Aspect, kind: str) -> list[str]:
    return [word for one in languages().values() for word in one.aspects.get(aspect, {}).get(kind, ())]


def _patterns(aspect: Aspect) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the pattern of whole questions for an aspect, and that of words in others."""
    asked = _words(aspect, "asks")
    whole = "|".join(word.replace("X", _AROUND) for word in asked if "X" in word)
    within = [word for word in asked if "X" not in word]
    search = between_borders(within) if within else _NEVER
    return re.compile(whole or _NEVER, re.IGNORECASE), re.compile(search, re.IGNORECASE)


_COMMAND = re.compile(
    "|".join(word.replace("X", rf"({_WORD}(?: {_WORD}){{1,3}})") for word in _words(Aspect.DOES, "asks")),
    re.IGNORECASE,
)
_ASKS = {aspect: _patterns(aspect) for aspect in Aspect}
_TELLS = {
    aspect: re.compile(between_borders(words), re.IGNORECASE) for aspect in Aspect if (words := _words(aspect, "tells"))
}
