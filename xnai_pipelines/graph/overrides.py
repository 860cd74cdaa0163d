"""The user's own word on the graph, `graph.yaml` in the documents folder: it wins over every rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from xnai_pipelines.documents.listing import GRAPH_FILE
from xnai_pipelines.errors import GraphRulesError
from xnai_pipelines.graph.forms import form_of
from xnai_pipelines.graph.rows import digest

_FORM = (
    "It may have `aliases` (a form: a list of its other forms), `never_merge` (a list of pairs of forms), `stop_names` "
    "(a list of forms that name nothing) and `types` (a form: its type)"
)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the user says of forms, by key.

    Attributes:
        aliases: Key of the form that each other form stands for.
        apart: Pairs of keys that are never merged.
        stopped: Keys that name nothing.
        types: Type of each form.
        revision: Hash of all that.
    """

    aliases: Mapping[str, str] = field(default_factory=dict)
    apart: frozenset[frozenset[str]] = frozenset()
    stopped: frozenset[str] = frozenset()
    types: Mapping[str, str] = field(default_factory=dict)
    revision: str = ""


def read_overrides(documents: Path | None) -> Overrides:
    """Return what the `graph.yaml` of a documents folder says; nothing without one.

    Raises:
        GraphRulesError: The file cannot be read or has another form.
    """
    path = documents / GRAPH_FILE if documents else None
    if path is None or not path.exists():
        return Overrides()
    try:
        text = path.read_text(encoding="utf-8")
        content = yaml.safe_load(text) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise GraphRulesError(f"{path} cannot be read: {error}. Fix it, or delete it and run again.") from error
    if not isinstance(content, dict):
        raise GraphRulesError(f"{path} is not a mapping. {_FORM}.")
    known = {"aliases", "never_merge", "stop_names", "types"}
    for name in content.keys() - known:
        raise GraphRulesError(f"{path} has {name!r}. {_FORM}.")
    aliases = _mapping(path, content, "aliases", _is_list)
    pairs = content.get("never_merge") or []
    stops = content.get("stop_names") or []
    types = _mapping(path, content, "types", lambda value: isinstance(value, str))
    if not _is_list(stops) or not isinstance(pairs, list) or not all(_is_list(p) and len(p) == 2 for p in pairs):
        raise GraphRulesError(f"`never_merge` or `stop_names` of {path} has another form. {_FORM}.")
    ended = _ended({_key(other): _key(form) for form, others in aliases.items() for other in others})
    for one, other in pairs:
        keys = {_key(one), _key(other)}
        if len(keys) > len({ended.get(key, key) for key in keys}):
            raise GraphRulesError(
                f"{path} keeps {one!r} and {other!r} apart in `never_merge`, and merges them in `aliases`. Remove one."
            )
    return Overrides(
        aliases=ended,
        apart=frozenset(frozenset(map(_key, pair)) for pair in pairs),
        stopped=frozenset(map(_key, stops)),
        types={_key(form): kind for form, kind in types.items()},
        revision=digest(text),
    )


def _ended(aliases: Mapping[str, str]) -> dict[str, str]:
    """Return where the chain of each alias ends; a circle ends at its smallest form."""
    found = {}
    for alias in aliases:
        seen = [alias]
        while (target := aliases.get(seen[-1])) is not None and target not in seen:
            seen.append(target)
        found[alias] = seen[-1] if target is None else min(seen[seen.index(target) :])
    return {alias: target for alias, target in found.items() if alias != target}


def _mapping(path: Path, content: Mapping[str, Any], name: str, fits: Any) -> Mapping[str, Any]:
    found = content.get(name) or {}
    if not isinstance(found, dict) or not all(isinstance(key, str) and fits(value) for key, value in found.items()):
        raise GraphRulesError(f"`{name}` of {path} has another form: {found!r}. {_FORM}.")
    return found


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _key(form: str) -> str:
    return form_of(form).qualified
