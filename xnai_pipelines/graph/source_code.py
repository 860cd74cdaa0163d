"""What Python source defines, imports, inherits and calls, by its syntax tree. Pure.

The text was parsed in a process of its own when it was ingested; what no parser survives is no document.
"""

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace

from xnai_pipelines.graph.found import Find, Kind

MEDIA_TYPE = "text/x-python"

_NEWLINE = re.compile(r"\r\n?|\n")
_KEYWORD = re.compile(r"(?:(?:async[ \t]+)?def|class)[ \t]+|from[ \t.]+")
_RECEIVER = re.compile(r"(?:self|cls|this)(?:\.|->|\?\.)")  # an object calls its own method by the name alone


@dataclass(frozen=True, slots=True)
class Use:
    """A symbol in the source.

    Attributes:
        find: Its range.
        relation: How its owner relates to it; None for what is only an owner of others.
        owner: The symbol that defines, calls or inherits it; None for the module itself.
    """

    find: Find
    relation: str | None
    owner: Find | None


def symbols(text: str) -> list[Use]:
    """Return the symbols of Python source in order; none if it does not parse."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of escapes that a later Python will refuse
            tree = ast.parse(text)
        return sorted(_uses(tree, _Places(text)), key=lambda use: use.find.start)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def without_receiver(text: str, span: tuple[int, int]) -> tuple[int, int]:
    """Return the range of what is called on an object itself without the object: "start" of "self.start"."""
    receiver = _RECEIVER.match(text, *span)
    return (receiver.end(), span[1]) if receiver and receiver.end() < span[1] else span


class _Places:
    """Offsets in characters of the lines and UTF-8 columns that a syntax tree has."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._ascii = text.isascii()
        self._starts = [0, *(line.end() for line in _NEWLINE.finditer(text)), len(text)]

    def of(self, line: int, column: int) -> int:
        """Return the offset of a line, from 1, and a column in bytes."""
        start = self._starts[line - 1]
        if self._ascii:
            return start + column
        return start + len(self.text[start : start + column].encode()[:column].decode())

    def find(self, node: ast.expr | ast.stmt | ast.alias, name: str) -> Find | None:
        """Return where the name stands that a node begins with or that its keyword names; None if it is not there."""
        start = self.of(node.lineno, node.col_offset)
        keyword = _KEYWORD.match(self.text, start)
        start = keyword.end() if keyword else start
        written = name and self.text.startswith(name, start)
        return Find(start, start + len(name), Kind.SYMBOL, "syntax tree") if written else None


def _uses(tree: ast.AST, places: _Places) -> Iterator[Use]:
    left: list[tuple[ast.AST, Find | None]] = [(tree, None)]  # a stack: an expression may be deeper than calls can be
    while left:
        node, owner = left.pop()
        inner = owner
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            defined = places.find(node, node.name)
            if defined is not None:
                inner = defined
                yield Use(defined, "defines", owner)
            for base in node.bases if isinstance(node, ast.ClassDef) else ():
                yield from _used(base, _dotted(base), "inherits", places, inner)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from _used(node, node.module, "imports", places, None)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield from _used(alias, alias.name, "imports", places, None)
        elif isinstance(node, ast.Call):
            for use in _used(node.func, _dotted(node.func), "calls", places, owner):
                start, end = without_receiver(places.text, (use.find.start, use.find.end))
                yield replace(use, find=replace(use.find, start=start, end=end))
        elif isinstance(node, ast.Raise) and node.exc is not None:
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            yield from _used(raised, _dotted(raised), "raises", places, owner)
        left.extend((child, inner) for child in reversed(list(ast.iter_child_nodes(node))))


def _used(
    node: ast.expr | ast.stmt | ast.alias, name: str, relation: str, places: _Places, owner: Find | None
) -> Iterator[Use]:
    found = places.find(node, name)
    if found is not None:
        yield Use(found, relation, owner)


def _dotted(node: ast.expr) -> str:
    """Return a dotted name; an empty string if the expression is none."""
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(words)]) if isinstance(node, ast.Name) else ""
