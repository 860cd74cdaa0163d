"""What Python source defines, imports, inherits and calls, by its syntax tree. Pure.

The text was parsed in a process of its own when it was ingested; what no parser survives is no document.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from xnai_pipelines.graph.found import Find, Kind

MEDIA_TYPE = "text/x-python"

_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Use:
    """A symbol in the source: its range, how its owner relates to it, and the owner; None for the module itself."""

    find: Find
    relation: str
    owner: Find | None


def symbols(text: str) -> list[Use]:
    """Return the symbols of Python source in order; none if it does not parse."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return sorted(_uses(tree, _Places(text), None), key=lambda use: use.find.start)


class _Places:
    """Offsets in characters of the lines and UTF-8 columns that a syntax tree has."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(line.end() for line in re.finditer("\n", text)), len(text)]

    def of(self, line: int, column: int) -> int:
        """Return the offset of a line, from 1, and a column in bytes."""
        start, end = self._starts[line - 1 : line + 1]
        return start + len(self._text[start:end].encode()[:column].decode())

    def find(self, node: ast.expr | ast.stmt, name: str) -> Find | None:
        """Return where the name stands, from the start of a node; None if it is written in another way."""
        start = self._text.find(name, self.of(node.lineno, node.col_offset))
        return Find(start, start + len(name), Kind.SYMBOL, "syntax tree") if start >= 0 else None


def _uses(node: ast.AST, places: _Places, owner: Find | None) -> Iterator[Use]:
    for child in ast.iter_child_nodes(node):
        inner = owner
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inner = places.find(child, child.name) or owner
            if inner is not None and inner is not owner:
                yield Use(inner, "defines", owner)
            for base in child.bases if isinstance(child, ast.ClassDef) else ():
                yield from _named(base, "inherits", places, inner)
        elif isinstance(child, ast.Import | ast.ImportFrom):
            module = child.module if isinstance(child, ast.ImportFrom) else None
            for name in [module] if module else [alias.name for alias in child.names]:
                found = places.find(child, name)
                if found is not None:
                    yield Use(found, "imports", None)
        elif isinstance(child, ast.Call):
            yield from _named(child.func, "calls", places, owner)
        elif isinstance(child, ast.Raise) and child.exc is not None:
            raised = child.exc.func if isinstance(child.exc, ast.Call) else child.exc
            yield from _named(raised, "raises", places, owner)
        yield from _uses(child, places, inner)


def _named(node: ast.expr, relation: str, places: _Places, owner: Find | None) -> Iterator[Use]:
    """Yield the use of a dotted name."""
    written = ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""
    if all(map(_NAME.fullmatch, written.split("."))):
        found = places.find(node, written)
        if found is not None:
            yield Use(found, relation, owner)
