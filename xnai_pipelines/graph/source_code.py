"""What Python source defines, imports, inherits and calls, by its syntax tree. Pure.

The text was parsed in a process of its own when it was ingested; what no parser survives is no document.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from xnai_pipelines.graph.found import Find, Kind

MEDIA_TYPE = "text/x-python"

_NEWLINE = re.compile(r"\r\n?|\n")
_KEYWORD = re.compile(r"(?:(?:async[ \t]+)?def|class)[ \t]+|from[ \t.]+")


@dataclass(frozen=True, slots=True)
class Use:
    """A symbol in the source: its range, how its owner relates to it, and the owner; None for the module itself."""

    find: Find
    relation: str
    owner: Find | None


def symbols(text: str) -> list[Use]:
    """Return the symbols of Python source in order; none if it does not parse."""
    try:
        return sorted(_uses(ast.parse(text), _Places(text)), key=lambda use: use.find.start)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


class _Places:
    """Offsets in characters of the lines and UTF-8 columns that a syntax tree has."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ascii = text.isascii()
        self._starts = [0, *(line.end() for line in _NEWLINE.finditer(text)), len(text)]

    def of(self, line: int, column: int) -> int:
        """Return the offset of a line, from 1, and a column in bytes."""
        start = self._starts[line - 1]
        if self._ascii:
            return start + column
        return start + len(self._text[start : start + column].encode()[:column].decode())

    def find(self, node: ast.expr | ast.stmt | ast.alias, name: str) -> Find | None:
        """Return where the name stands that a node begins with or that its keyword names; None if it is not there."""
        start = self.of(node.lineno, node.col_offset)
        keyword = _KEYWORD.match(self._text, start)
        start = keyword.end() if keyword else start
        written = name and self._text.startswith(name, start)
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
            yield from _used(node.func, _dotted(node.func), "calls", places, owner)
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
