"""Source code: Python definitions without docstrings or type hints, and functions that are long or complex.

Only sources are parsed that the isolated parser has parsed before: those have headings.
"""

import ast
from collections.abc import Iterator

from xnai_pipelines.documents.health.corpus import Examined, ExaminedCorpus
from xnai_pipelines.documents.health.finding import Finding, Severity, found

LONG_LINES = 60
COMPLEX = 10  # McCabe 1976: above it a function is hard to test
VERY_COMPLEX = 25
# Blocks of `with` and assertions do not branch.
_BRANCHES = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.IfExp,
    ast.comprehension,
    ast.match_case,
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def source_code(corpus: ExaminedCorpus) -> Iterator[Finding]:
    """Yield what is wrong with each Python source."""
    for document in corpus.documents:
        if document.media_type != "text/x-python" or not document.headings:
            continue
        try:
            tree = ast.parse(document.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        yield from _of_module(document, tree)


def complexity(function: Function) -> int:
    """Return the cyclomatic complexity: 1, plus 1 per branch and per further operand of and/or.

    Nested functions count for themselves.
    """
    total, pending = 1, list(ast.iter_child_nodes(function))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, _BRANCHES):
            total += 1 + (len(node.ifs) if isinstance(node, ast.comprehension) else 0)
        elif isinstance(node, ast.BoolOp):
            total += len(node.values) - 1
        pending += ast.iter_child_nodes(node)
    return total


def _of_module(document: Examined, tree: ast.Module) -> Iterator[Finding]:
    starts = _line_starts(document.text)
    is_test = document.path.rpartition("/")[2].startswith(("test_", "conftest"))
    if not is_test and tree.body and ast.get_docstring(tree) is None:
        yield _lacks(document, "missing_docstring", "The module has no docstring.", (0, 0))
    pending: list[tuple[ast.AST, bool, bool]] = [(node, True, False) for node in tree.body]
    while pending:
        node, public, in_class = pending.pop(0)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            public = public and not node.name.startswith("_")
            place = (starts[node.lineno - 1], starts[node.lineno])
            if public and not is_test and ast.get_docstring(node) is None and not _is_overload(node):
                noun = "class" if isinstance(node, ast.ClassDef) else "function"
                yield _lacks(document, "missing_docstring", f"The {noun} {node.name} has no docstring.", place)
            if isinstance(node, ast.ClassDef):
                pending += [(child, public, True) for child in node.body]
                continue
            if public and not is_test and (names := _untyped(node, in_class)):
                yield _lacks(document, "missing_type_hint", f"{node.name} has no type for {', '.join(names)}.", place)
            yield from _size(document, node, place)
            pending += [(child, False, False) for child in node.body]
        elif isinstance(node, ast.If | ast.Try):
            pending += [(child, public, in_class) for child in node.body]


def _size(document: Examined, node: Function, place: tuple[int, int]) -> Iterator[Finding]:
    branches = complexity(node)
    if branches > COMPLEX:
        severity = Severity.WARNING if branches > VERY_COMPLEX else Severity.INFO
        message, action = f"{node.name} has a cyclomatic complexity of {branches}.", "Divide the function."
        yield found(document, "complex_function", severity, message, action=action, place=place)
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if lines > LONG_LINES:
        message, action = f"{node.name} has {lines} lines.", "Divide the function."
        yield found(document, "long_function", Severity.INFO, message, action=action, place=place)


def _untyped(node: Function, in_class: bool) -> list[str]:
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    static = any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in node.decorator_list)
    if in_class and arguments and not static:
        arguments = arguments[1:]
    names = [argument.arg for argument in arguments if argument.annotation is None]
    return [*names, "the result"] if node.returns is None and node.name != "__init__" else names


def _is_overload(node: ast.AST) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any("overload" in ast.dump(one) or "override" in ast.dump(one) for one in decorators)


def _lacks(document: Examined, kind: str, message: str, place: tuple[int, int]) -> Finding:
    action = "Write a docstring." if kind == "missing_docstring" else "Add the type hints."
    return found(document, kind, Severity.INFO, message, action=action, place=place)


def _line_starts(text: str) -> list[int]:
    starts = [0]
    at = text.find("\n")
    while at >= 0:
        starts.append(at + 1)
        at = text.find("\n", at + 1)
    return [*starts, len(text)]
