"""Why a setting is refused, in a sentence: its name, its value and what is allowed."""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from enum import Enum
from typing import get_args

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from xnai_pipelines.errors import SettingsError


def refusal(error: ValidationError, fields: Mapping[str, FieldInfo], shown: Callable[[str], str]) -> SettingsError:
    """Return the error that names each wrong setting; `shown` gives the name under which its user knows it."""
    return SettingsError(" ".join(_sentence(item, fields, shown) for item in error.errors(include_url=False)))


def nearest_name(name: str, known: Iterable[str]) -> str:
    """Return the nearest known name as the end of a sentence, "" if none is near."""
    near = get_close_matches(name, list(known), 1, cutoff=0.75)
    return f"; the nearest is {near[0]}" if near else ""


def _sentence(item: ErrorDetails, fields: Mapping[str, FieldInfo], shown: Callable[[str], str]) -> str:
    """Return what is wrong with a setting and what is allowed, in one sentence."""
    said = str(item["ctx"]["error"]) if "error" in item.get("ctx", {}) else item["msg"]
    said = said.rstrip(".")
    if not item["loc"]:
        return f"{shown('chunk_size')} and {shown('chunk_overlap')} do not fit: {said}."
    name = str(item["loc"][0])
    if item["type"] == "extra_forbidden":
        return f"There is no setting {name!r}{nearest_name(name, fields)}."
    value = "(hidden)" if _is_secret(fields[name]) or _has_credentials(item["input"]) else repr(item["input"])
    allowed = None if item["type"] == "value_error" else _allowed(fields[name])
    return f"{shown(name)} is {value}; {f'it must be {allowed}' if allowed else said}."


def _is_secret(field: FieldInfo) -> bool:
    return any(SecretStr in (kind, *get_args(kind)) for kind in get_args(field.annotation))


def _has_credentials(value: object) -> bool:
    return "@" in str(value).partition("://")[2]


def _allowed(field: FieldInfo) -> str | None:
    """Return what a setting may be, in words; None if its type has no short description."""
    kinds = [kind for kind in get_args(field.annotation) or (field.annotation,) if kind is not type(None)]
    kind = kinds[0]
    if kind is bool:
        return "true or false"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"one of {', '.join(str(member.value) for member in kind)}"
    if kind not in (int, float):
        return None
    bounds = {end: getattr(limit, end) for limit in field.metadata for end in ("ge", "gt", "le") if hasattr(limit, end)}
    noun = "a whole number" if kind is int else "a number"
    if "gt" in bounds:
        return f"{noun} above {bounds['gt']}" + (f" and up to {bounds['le']}" if "le" in bounds else "")
    top = f"to {bounds['le']}" if "le" in bounds else "up"
    return f"{noun} from {bounds['ge']} {top}"
