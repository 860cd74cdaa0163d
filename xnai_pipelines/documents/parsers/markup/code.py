"""Source code and plain text: the text as it is. In Python, classes and functions are headings."""

import ast
import re
from collections.abc import Iterator

from xnai_pipelines.documents.parsers.parsed import Content, Heading, Markup
from xnai_pipelines.documents.parsers.text.normalise import single_line

_FIRST_WORDS = re.compile(r"\S.*")
_LONGEST_TITLE = 100
_LONGEST_HEADING = 1000


def parse_plain(text: str, stem: str) -> Content:
    """Return the text. Its title is the first line if that is short enough, else `stem`."""
    return Content(title=first_line(text) or stem, text=text, markup=Markup.PLAIN)


def parse_code(text: str, stem: str) -> Content:
    """Return source code in any language, without structure."""
    return Content(title=stem, text=text, markup=Markup.CODE)


def parse_python(text: str, stem: str) -> Content:
    """Return Python source with classes and functions as headings, nested ones a level deeper.

    Source that this Python cannot parse (an older version, a template) has no headings.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return parse_code(text, stem)
    starts = [0, *(line.end() for line in re.finditer("\n", text))]
    headings = tuple(Heading(starts[line - 1], level, name) for line, level, name in sorted(_definitions(tree, 1)))
    return Content(title=stem, text=text, markup=Markup.CODE, headings=headings)


def first_line(text: str) -> str | None:
    """Return the first line with words, None if it is longer than a title."""
    line = _FIRST_WORDS.search(text)
    if line is None or len(line.group().rstrip()) > _LONGEST_TITLE:
        return None
    return single_line(line.group())


def placed_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield where each line starts, and the line, which is "" if it is too long for a heading."""
    at = 0
    for line in text.split("\n"):
        yield at, line if len(line) <= _LONGEST_HEADING else ""
        at += len(line) + 1


def _definitions(node: ast.AST, level: int) -> Iterator[tuple[int, int, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            line = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
            yield line, level, child.name
            yield from _definitions(child, level + 1)
        elif isinstance(child, ast.stmt):
            yield from _definitions(child, level)
