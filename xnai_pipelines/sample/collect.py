"""Turns a JSON list of module names on standard input into {module name: Markdown} on standard output.

`xnai_pipelines.sample.documents` runs this script in a separate interpreter, because importing the whole standard
library has side effects (completers, thread pools, deprecation warnings). It imports only the standard library: that
interpreter is isolated and does not see this package.
"""

import builtins
import enum
import importlib
import inspect
import json
import re
import sys
import types
from collections.abc import Iterator
from typing import Any

# What named tuples and C types say about every member: nobody asks for it, and many documents repeat it.
_BOILERPLATE = re.compile(
    r"^(Alias for field number|Initialize self\.|Create and return a new object|list of weak references"
    r"|dictionary for instance variables)"
)
_LITERALS = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))
_MAX_NAMES = 80
_MAX_SIGNATURE = 300


class _Shown:
    """A default value as a signature shows it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _default(value: object) -> object:
    """Return the default to show: literals as they are, functions and types by name, the rest as "..."."""
    if value is inspect.Parameter.empty or isinstance(value, enum.Enum):
        return value if value is inspect.Parameter.empty else _Shown(str(value))
    if isinstance(value, str) and value.startswith(("/", sys.prefix)) and len(value) > 1:
        return _Shown("...")  # a folder of this machine
    if isinstance(value, _LITERALS) or (
        isinstance(value, tuple) and all(isinstance(item, _LITERALS) for item in value)
    ):
        return value
    return _Shown(getattr(value, "__name__", "..."))


def _signature(member: object) -> str | None:
    """Return "(a, b=1)" without annotations, None if the interpreter knows no signature."""
    try:
        known = inspect.signature(member)  # type: ignore[arg-type]
    except (TypeError, ValueError, AttributeError, NameError):
        return None  # the last two: a default or an annotation that does not exist yet, as before curses starts
    parameters = [
        parameter.replace(default=_default(parameter.default), annotation=inspect.Parameter.empty)
        for parameter in known.parameters.values()
    ]
    text = str(inspect.Signature(parameters))
    return text if len(text) <= _MAX_SIGNATURE else "(...)"


def _markdown(docstring: str) -> str:
    """Return a docstring as Markdown: underlined titles in bold, examples fenced, no accidental headings."""
    lines: list[str] = []
    fenced = False
    for line in inspect.cleandoc(docstring).splitlines():
        line = line.rstrip()
        if fenced and not line:
            lines.append("```")
            fenced = False
        elif line.startswith(">>> ") and not fenced:
            if lines and lines[-1]:
                lines.append("")
            lines.append("```python")
            fenced = True
        if fenced:
            lines.append(line)
        elif re.fullmatch(r"([=\-~^*])\1{2,}", line):
            if lines and lines[-1]:
                lines[-1] = f"**{lines[-1].strip()}**"
        elif line == "--":  # ends the signature in a docstring of C
            continue
        elif re.match(r" {0,3}#", line):
            lines.append(line.replace("#", "\\#", 1))
        else:
            lines.append(line)
    if fenced:
        lines.append("```")
    return "\n".join(lines).strip()


def _own_doc(member: object) -> str:
    """Return the member's docstring, "" if it has none of its own or only boilerplate."""
    doc = member.__dict__.get("__doc__") if inspect.isclass(member) else inspect.getdoc(member)
    return doc if isinstance(doc, str) and not _BOILERPLATE.match(doc) else ""


def _entry(level: int, name: str, member: object, doc: str) -> Iterator[str]:
    """Yield the paragraphs of one heading: the heading, the signature as code, the text."""
    yield f"{'#' * level} {name.rpartition('.')[2]}"
    signature = _signature(member) if callable(member) else ""
    if signature is not None and not isinstance(member, enum.EnumType):
        yield f"`{name}{signature}`"
    if doc:
        yield _markdown(doc)


def _methods(cls: type, documented: set[type]) -> dict[str, object]:
    """Return the public methods and properties of a class by name.

    Members of bases without a heading of their own are included: EmailMessage inherits everything from one.
    """
    found: dict[str, object] = {}
    for base in cls.__mro__:
        hidden = base.__module__ == cls.__module__ and base not in documented
        if base is cls or hidden or base.__name__.startswith("_"):
            for name, value in base.__dict__.items():
                public = not name.startswith("_") or name == "__init__"
                if public and (inspect.isroutine(value) or inspect.isdatadescriptor(value)):
                    found.setdefault(name, getattr(cls, name, value))
    return dict(sorted(found.items()))


def _class(name: str, cls: type, documented: set[type]) -> Iterator[str]:
    """Yield the paragraphs of a class: its own, then its methods. Methods without a docstring are one list."""
    yield from _entry(2, name, cls, _own_doc(cls))
    members = list(cls.__members__) if issubclass(cls, enum.Enum) else []
    if members:
        yield f"Members: {_names(members)}"
    undocumented: list[str] = []
    seen: set[int] = set()
    for method, member in _methods(cls, documented).items():
        value = cls.__dict__.get(method, member)
        if id(value) in seen:  # an alias, such as unittest's old names
            continue
        seen.add(id(value))
        doc = "" if method in members else _own_doc(member)
        if doc:
            yield from _entry(3, f"{name}.{method}", member, doc)
        elif method != "__init__" and inspect.isfunction(member):
            undocumented.append(f"{method}{_signature(member) or '()'}")
    if undocumented:
        yield f"Methods without a description: {_names(undocumented)}"


def _names(names: list[str]) -> str:
    """Return the names as inline code. A long list is cut."""
    shown = ", ".join(f"`{name}`" for name in names[:_MAX_NAMES])
    rest = len(names) - _MAX_NAMES
    return f"{shown} and {rest} more." if rest > 0 else f"{shown}."


def _belongs(module: types.ModuleType, value: object) -> bool:
    """Return whether a public function or class of a module without `__all__` is its own, not an import."""
    origin = getattr(value, "__module__", None)
    if origin is None:
        return inspect.isroutine(value)
    return str(origin).startswith(("_", module.__name__, "pyexpat"))


def _public(module: types.ModuleType) -> dict[str, Any]:
    """Return the module's own public members by name, sorted without regard to case."""
    listed = getattr(module, "__all__", None)
    names = {name for name in (listed or vars(module)) if not name.startswith("_") and hasattr(module, name)}
    members = {name: getattr(module, name) for name in sorted(names, key=lambda name: (name.lower(), name))}
    return {
        name: value
        for name, value in members.items()
        if not inspect.ismodule(value)
        and (listed or not callable(value) or _belongs(module, value))
        and (module is builtins or not _is_builtin(value))  # OSError, not again as os.error
    }


def _is_builtin(value: object) -> bool:
    """Return whether a class is a builtin."""
    return inspect.isclass(value) and vars(builtins).get(value.__name__) is value


def document(module: types.ModuleType, name: str) -> str:
    """Return a module's documentation as Markdown: H1 the module, H2 classes and functions, H3 methods.

    A function or class with several names is documented under its `__name__`.
    """
    members = _public(module)
    documented = {value for value in members.values() if inspect.isclass(value)}
    names: dict[int, list[str]] = {}
    for key, value in members.items():
        names.setdefault(id(value), []).append(key)
    constants: list[str] = []
    entries: list[str] = []
    for key, value in members.items():
        if not callable(value):
            constants.append(key)
            continue
        own = getattr(value, "__name__", key)
        aliases = [other for other in names[id(value)] if other != key]
        if own in aliases or (own != key and names[id(value)][0] != key):
            continue
        if inspect.isclass(value):
            entries += _class(key, value, documented)
        elif inspect.isroutine(value) or value.__doc__ != type(value).__doc__:
            entries += _entry(2, key, value, _own_doc(value))
        if aliases:
            entries.append(f"Also named {_names(aliases)}")
    parts = [f"# {name}", _markdown(module.__doc__ or "")]
    if constants:
        parts.append(f"Constants and data: {_names(constants)}")
    return re.sub(r" at 0x[0-9a-fA-F]+", "", "\n\n".join(filter(None, parts + entries)))


def main() -> None:
    """Read a JSON list of module names and write {name: Markdown} of those that can be imported."""
    documents = {}
    for name in json.load(sys.stdin):
        try:
            module = importlib.import_module(name)
        except ImportError:  # from another platform or version, or built without its C library
            continue
        text = document(module, name)
        if "\n" in text:  # urllib documents only its submodules
            documents[name] = text
    json.dump(documents, sys.stdout)


if __name__ == "__main__":
    main()
