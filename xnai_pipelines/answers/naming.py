"""How lines of a manual name a symbol: as a term of a list, as a heading, as the first cell of a row. Pure."""

import re
from functools import lru_cache

from xnai_pipelines.answers.items import LIST_MARK
from xnai_pipelines.answers.symbol_questions import Symbol, without_kinds
from xnai_pipelines.documents.parsers.markup.markdown import plain_words
from xnai_pipelines.search.words import fold

_WORDS = re.compile(r"[^\W_]+")
_ARGUMENTS = re.compile(r"\(.*\)\Z", re.DOTALL)
_QUALIFIER = re.compile(r"\.|::|#")
# A line of its own that names a symbol: `-q, --quiet`, `--depth <depth>`, `push.default`, `pop [--index]`.
_LINE = r"^(?:-[^\n]{{1,60}}[ ,|/])?(?P<above>{above})?{name}(?:[ =\[(,|<][^\n]{{0,100}})?(?<![.:;!?])(?=\n\n|\n?\Z)"
# A term of an entry, perhaps not its last one: `-q, --quiet`, `watch -x1`; a word has only brackets behind it.
_IS_TERM = r"(?=\n(?:[^\n]+\n){{0,7}}\n?: )"
_TERM = r"^[`*]{{0,2}}(?:-[^\n]{{1,60}}[ ,|/])?(?P<above>{above})?{name}(?:[ =\[(,|<`*:][^\n]{{0,100}})?" + _IS_TERM
_WORD = r"^[`*]{{0,2}}(?P<above>{above})?{name}[`*:]{{0,3}}(?: ?[\[(,|<][^\n]{{0,100}})?" + _IS_TERM
_NUMBER = re.compile(r"(?:§ ?)?(?:\d+|[A-Z](?=\.))(?:\.\d+)*[.:)]?\s+")
# What begins a section or a row of a table that may be named so.
_HEAD = r"^(?:#{{1,6}}[ \t]+(?P<heading>[^\n]*{name}[^\n]*)|\|(?P<cell>[^|\n]*{name}[^|\n]*)\|)"


@lru_cache(maxsize=1_000)
def lines_that_name(symbol: Symbol) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of lines below which a text says what a symbol means, the surest first.

    What stands before the name, as the question has it, is their group `above`.
    """
    forms = (f"(?i:{_WORD})",) if symbol.is_word else (_TERM, _LINE)
    written, name = re.escape(symbol.written), re.escape(symbol.name)
    return tuple(re.compile(form.format(above=written, name=name), re.MULTILINE) for form in forms)


@lru_cache(maxsize=1_000)
def item_that_names(symbol: Symbol) -> re.Pattern[str]:
    """Return the pattern of the head of an item that says what a symbol means: "- `max_age` - Seconds"."""
    above, name = re.escape(symbol.written), re.escape(symbol.name)
    named = f"(?i:{name})" if symbol.is_word else name
    return re.compile(
        rf"^[ \t]*{LIST_MARK}[ \t]+(?:``?|\*\*`?|__)(?:{above})?{named}(?:[=( ][^`*\n]{{0,80}})?(?:``?|`?\*\*|__)"
        r"[ \t]*(?:\([^()\n]{0,60}\))?[ \t]*[-–—:=]",
        re.MULTILINE,
    )


def defines(text: str, symbol: Symbol) -> bool:
    """Return whether a text has an entry, an item, a heading in Markdown or a row that is named as a symbol."""
    if lines_that_name(symbol)[0].search(text) or item_that_names(symbol).search(text):
        return True
    heads = re.finditer(_HEAD.format(name=re.escape(symbol.name)), text, re.MULTILINE)
    return any(is_named(head["heading"] or head["cell"], symbol) for head in heads)


def is_named(heading: str, symbol: Symbol) -> bool:
    """Return whether a heading, or the first cell of a row, is the name of a symbol; it may be a link, or in code."""
    return any(_is_name(words, symbol) for words in (heading, plain_words(heading)))


def _is_name(words: str, symbol: Symbol) -> bool:
    named = _ARGUMENTS.sub("", _NUMBER.sub("", words.strip(), count=1).strip("`* \t")).strip()
    if symbol.is_word:
        return without_kinds(named).casefold() == symbol.name.casefold()
    return symbol.name in {_QUALIFIER.split(named)[-1], without_kinds(named).removeprefix(symbol.written)}


def begins_with(text: str, symbol: Symbol) -> bool:
    """Return whether the subject of a sentence is a symbol, perhaps with an article, and with a noun such as "file"."""
    name = rf"\[?[`*]*{re.escape(symbol.written + symbol.name)}[`*]*(?:\]\([^)\s]*\))?(?: \([^()\n]*\))?"
    found = re.match(rf"\W*(?:(?P<article>\w+)\W+)?{name}(?P<kind>\W{{0,3}}\s\w+)?\W{{0,3}}\s\w", text, re.IGNORECASE)
    return found is not None and (found["article"] is None or not without_kinds(found["article"]))


def nearness(symbol: Symbol, *around: str) -> int:
    """Return how many of the words that a question has beside a symbol a source and its titles have."""
    return len({fold(word) for word in (*symbol.above, *symbol.of)} & {fold(word) for word in words_of(*around)})


def words_of(*texts: str) -> set[str]:
    """Return the words of texts."""
    return {word for text in texts for word in _WORDS.findall(text)}
