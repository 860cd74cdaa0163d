"""Questions that name a symbol of the documents, such as `os.walk` or `--depth`, and ask one thing of it. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from xnai_pipelines.answers.how_to import asks_what_to_do
from xnai_pipelines.answers.languages.words import between_borders, languages
from xnai_pipelines.search.function_words import FUNCTION_WORDS, function_words
from xnai_pipelines.search.words import fold


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
        name: Its own name, the last part of a dotted one or of a path.
        above: What it belongs to: modules and classes.
        of: The other words of the question without function words, among them the command of an option. They need not
            stand above it.
        written: What stands right before the name in the question: "os.", "debian/".
        is_word: Whether it looks like any word: only what has no other name is it, in capitals or not.
    """

    name: str
    above: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    written: str = ""
    is_word: bool = False


@dataclass(frozen=True, slots=True)
class SymbolQuestion:
    """What a question asks of a symbol.

    Attributes:
        symbols: What the symbol may be, the likeliest first.
        aspect: What is asked of it.
        only: Whether the question asks nothing else, so that the first that tells it answers.
    """

    symbols: tuple[Symbol, ...]
    aspect: Aspect
    only: bool


# Identifiers have the letters of ASCII, so that they end where a word of Chinese or Japanese begins.
_LETTER = "[A-Za-z0-9_]"
_PART = rf"[A-Za-z_]{_LETTER}{{0,60}}"
_FILE = r"(?:[\w.+-]{1,60}/){1,6}[\w.+-]{0,60}[\w+-]|[\w+-]{1,60}-[\w+-]{0,60}\.[A-Za-z]\w{0,9}"
_SYMBOL = re.compile(
    rf"(?<!{_LETTER})(?<![.-])(?:(?P<option>--?[A-Za-z][\w-]{{0,60}})(?![\w.])|`?(?P<file>{_FILE})`?(?![\w/])"
    rf"|`?(?P<name>{_PART}(?:(?:\.|::){_PART}){{0,6}})(?P<called>\(\))?`?(?!\w))"
    rf"|[\"“«„「『'‘](?P<quoted>[^\s\"”»“」』'’]{{1,60}})[\"”»“」』'’]",
    re.ASCII,
)
# What no word of a sentence looks like: dots, underscores or capitals inside.
_IDENTIFIER = re.compile(r"\w[._:]{1,2}\w|[a-z0-9][A-Z]|_")
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_LATIN = re.compile(r"[\w.+/-]+", re.ASCII)
_ENDS = " \t?!.？！。"
_PLACE = "\0"  # stands in a question where the symbol does
_AROUND = rf"(?:\S+ ){{0,4}}\S?{_PLACE}\S?(?: ?\w+){{0,5}}"  # "the os.walk function", "the option -k of debmake"
_BESIDE = re.compile(rf"[^\W\d]+ (?={_PLACE})|(?<={_PLACE}) [^\W\d]+")
_NEVER = r"(?!)"
_TOKEN = re.compile(r"[^\s,;:()\"]+")
_MOST_WORDS = 5  # of a phrase


@lru_cache(maxsize=1_000)
def symbol_question(question: str) -> SymbolQuestion | None:
    """Return the symbol that a question names and what it asks of it; None unless it does both.

    One how to do something asks nothing of a symbol, even if it names one. A word like any other may name one if the
    question asks nothing but what it is or does.
    """
    if asks_what_to_do(question):
        return None
    found = _named(question)
    if found is None:
        return _of_words(question)
    symbol, (start, end) = found
    said = f"{question[:start]}{_PLACE}{question[end:]}".strip(_ENDS)
    if said == _PLACE:
        return SymbolQuestion((symbol,), Aspect.DOES, only=True)
    symbols = _parts_of(symbol, said) or (symbol,)
    for aspect, (whole, within) in _ASKS.items():
        if whole.fullmatch(said):
            return SymbolQuestion(symbols, aspect, only=True)
        if within.search(_BESIDE.sub(_unless_a_kind, said)):
            return SymbolQuestion(symbols, aspect, only=False)
    return None


def tells(aspect: Aspect, text: str) -> bool:
    """Return whether a part of a text speaks of what is asked of a symbol, in any of the languages."""
    return bool(_TELLS[aspect].search(text)) if aspect in _TELLS else False


def without_kinds(phrase: str) -> str:
    """Return a phrase without articles, and words such as "file" and "option", around it."""
    words = phrase.split()
    while words and fold(words[0]) in _AROUND_NAMES:
        del words[0]
    while words and fold(words[-1]) in _AROUND_NAMES:
        del words[-1]
    return " ".join(words)


def _named(question: str) -> tuple[Symbol, tuple[int, int]] | None:
    """Return the first symbol in a question, and its range; an option goes before the command that it is of."""
    alone = bool(_HAN.search(question)) and len(_LATIN.findall(question)) == 1
    for found in sorted(_SYMBOL.finditer(question), key=lambda found: not found["option"]):
        others = _TOKEN.findall(question[: found.start()] + " " + question[found.end() :].strip(_ENDS))
        of = tuple(word for word in others if fold(word) not in _AROUND_NAMES)
        if found["option"]:
            return Symbol(found["option"], of=of), found.span("option")
        if found["quoted"]:
            return Symbol(found["quoted"], of=of), found.span()
        if found["file"]:
            name = found["file"].rpartition("/")[2]
            return Symbol(name, of=of, written=found["file"].removesuffix(name)), found.span()
        name = found["name"]
        if alone or found["called"] or found[0].startswith("`") or _IDENTIFIER.search(name):
            *above, name = re.split(r"\.|::", name)
            return Symbol(name, tuple(above), of, found["name"].removesuffix(name)), found.span()
    return None


def _parts_of(symbol: Symbol, said: str) -> tuple[Symbol, ...]:
    """Return what a question calls a part of a symbol: "seek" of "the seek method of UploadFile"."""
    words = said.split()
    beside = [word for at, word in enumerate(words) if _PLACE in "".join(words[max(0, at - 1) : at + 2])]
    if any(fold(word) in _KINDS for word in beside):  # that is what the symbol is
        return ()
    return tuple(Symbol(word, of=(*symbol.of, *symbol.above, symbol.name)) for word in _beside_kinds(words))


def _of_words(question: str) -> SymbolQuestion | None:
    """Return what a question asks of words like any others: of a command such as `git stash pop`, or of a term."""
    found = _PHRASE.fullmatch(question.strip(_ENDS))
    if found is None:
        return None
    phrase = next(filter(None, found.groups())).strip()
    words = phrase.split()
    if len(words) > _MOST_WORDS:
        return None
    *above, name = words
    is_command = above and all(_COMMAND_WORD.fullmatch(word) and word not in _AROUND_NAMES for word in words)
    command = [Symbol(name, tuple(above))] if is_command else []
    of = tuple(word for word in words if fold(word) not in _AROUND_NAMES)
    called = [Symbol(word, of=of) for word in _beside_kinds(words)]
    term = without_kinds(phrase)
    return SymbolQuestion(
        (*command, *called, *([Symbol(term, of=of, is_word=True)] if term else [])), Aspect.DOES, only=True
    )


def _beside_kinds(words: Sequence[str]) -> Iterator[str]:
    """Yield the words beside one that says what they are: "mtime" of "the option mtime of find"."""
    for at, word in enumerate(words):
        beside = (*words[at + 1 : at + 2], *words[max(0, at - 1) : at]) if fold(word) in _KINDS else ()
        yield from (one for one in beside if fold(one) not in _AROUND_NAMES)


def _unless_a_kind(beside: re.Match[str]) -> str:
    """Return the word beside a symbol, nothing if it says what that is: a parameter's name asks for no parameters."""
    return "" if fold(beside.group().strip()) in _KINDS else beside.group()


def _words(aspect: Aspect, kind: str) -> list[str]:
    return [word for one in languages().values() for word in one.aspects.get(aspect, {}).get(kind, ())]


def _patterns(aspect: Aspect) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the pattern of whole questions for an aspect, and that of words in others."""
    asked = _words(aspect, "asks")
    whole = "|".join(word.replace("X", _AROUND) for word in asked if "X" in word)
    within = [word for word in asked if "X" not in word]
    search = between_borders(within) if within else _NEVER
    return re.compile(whole or _NEVER, re.IGNORECASE), re.compile(search, re.IGNORECASE)


_COMMAND_WORD = re.compile(r"[a-z][a-z-]{0,40}")
_PHRASE = re.compile(
    "|".join(word.replace("X", r"(\S.{0,60}?)") for word in _words(Aspect.DOES, "asks")), re.IGNORECASE
)
_KINDS = frozenset(fold(word) for one in languages().values() for word in one.kinds)
_AROUND_NAMES = _KINDS | function_words(FUNCTION_WORDS)
_ASKS = {aspect: _patterns(aspect) for aspect in Aspect}
_TELLS = {
    aspect: re.compile(between_borders(words), re.IGNORECASE) for aspect in Aspect if (words := _words(aspect, "tells"))
}
