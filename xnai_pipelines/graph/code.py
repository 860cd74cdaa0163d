"""The source code of a document: a file of code, or the fenced code of Markdown. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from xnai_pipelines.graph import grammars
from xnai_pipelines.graph.found import Find
from xnai_pipelines.graph.grammars import Grammar
from xnai_pipelines.graph.source_code import MEDIA_TYPE, Use, symbols
from xnai_pipelines.graph.syntax_trees import tree_symbols

MEDIA_TYPES = (MEDIA_TYPE, *grammars.BY_MEDIA_TYPE)
FENCES = ("```", "~~~")

_OPENING = re.compile(r"^[ \t]*(?P<fence>`{3,}|~{3,})[ \t]*\{?\.?(?P<language>[\w+#-]*)[^\n`]*(?:\n|\Z)", re.MULTILINE)
_PYTHON = frozenset({"python", "py", "python3", "pycon"})
_PROMPT = re.compile(r"[ \t]*(?:>>>|\.\.\.)(?: |$)")
_INDENTED = re.compile(r"\s*\n?[ \t]")
Passage = tuple[int, str, Grammar | None]  # where it starts, the code, and its grammar; None for Python
_BLOCK = "if 1:\n"  # makes a whole program of indented lines


@dataclass(frozen=True, slots=True)
class Code:
    """The code of a document.

    Attributes:
        uses: Its symbols, in order.
        as_text: Where each passage starts whose grammar is not installed, and its language.
    """

    uses: tuple[Use, ...]
    as_text: tuple[tuple[int, str], ...]


def code_of(document: Mapping[str, Any]) -> Code:
    """Return the code of a row of the documents table; text and media type are there if it may have code."""
    text, media_type = document.get("text") or "", document.get("media_type")
    if media_type == MEDIA_TYPE:
        return Code(tuple(symbols(text)), ())
    grammar = grammars.BY_MEDIA_TYPE.get(media_type or "")
    passages: Iterable[Passage] = [(0, text, grammar)] if grammar else _fenced(text)
    uses: list[Use] = []
    as_text = []
    for start, code, language in passages:
        if language is None:
            uses += _moved(_python(code), start)
        elif grammars.is_installed(language):
            uses += _moved(tree_symbols(code, language), start)
        else:
            as_text.append((start, language.name))
    return Code(tuple(uses), tuple(as_text))


def _fenced(text: str) -> Iterator[Passage]:
    """Yield the fenced code of languages that can be read (CommonMark 0.31, section 4.5)."""
    at = 0
    while opening := _OPENING.search(text, at):
        fence, language = opening["fence"], opening["language"].lower()
        closing = re.compile(rf"^[ \t]*{fence[0]}{{{len(fence)},}}[ \t]*$", re.MULTILINE).search(text, opening.end())
        end = closing.start() if closing else len(text)
        if language in _PYTHON or language in grammars.BY_FENCE:
            yield opening.end(), text[opening.end() : end], grammars.BY_FENCE.get(language)
        at = closing.end() if closing else len(text)


def _python(code: str) -> list[Use]:
    """Return the symbols of Python that may be indented, or a session with prompts."""
    if _PROMPT.match(code):
        code = "".join(map(_typed, code.splitlines(keepends=True)))
    if not _INDENTED.match(code):
        return symbols(code)
    return _moved(symbols(_BLOCK + code), -len(_BLOCK))


def _typed(line: str) -> str:
    """Return a line of a session as long as it is: what was typed without the prompt; blanks for what was printed."""
    prompt = _PROMPT.match(line)
    if prompt is None:
        return re.sub(r"[^\n]", " ", line)
    return " " * (prompt.end() - prompt.start()) + line[prompt.end() :]


def _moved(uses: list[Use], by: int) -> list[Use]:
    return [Use(_at(use.find, by), use.relation, use.owner and _at(use.owner, by)) for use in uses]


def _at(find: Find, by: int) -> Find:
    return replace(find, start=find.start + by, end=find.end + by)
