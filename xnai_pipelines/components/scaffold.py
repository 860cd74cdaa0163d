"""A `defs.yaml` that shows every field of a component with its description and default."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from pydantic import BaseModel
from pydantic.fields import FieldInfo

WIDTH = 110


def write_defs(request: dg.ScaffoldRequest[Any], model: type[BaseModel], values: Mapping[str, Any]) -> None:
    """Write the file that `dg scaffold defs` promises: each field has its default unless `values` has another."""
    if request.scaffold_format == "python":
        dg.scaffold_component(request, {})
        return
    lines = [f"type: {request.type_name}", "", "attributes:", *_fields(model, values, "  ")]
    text = "\n".join(lines) + "\n"
    if request.append:
        with request.target_path.open("a", encoding="utf-8") as file:
            file.write(f"---\n{text}")
    else:
        (request.target_path / "defs.yaml").write_text(text, encoding="utf-8")


def _fields(model: type[BaseModel], values: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        for line in textwrap.wrap(field.description or "", WIDTH - len(indent)):
            yield f"{indent}# {line}"
        value = values.get(name, _default(field))
        if isinstance(value, BaseModel):
            yield f"{indent}{name}:"
            yield from _fields(type(value), value.model_dump(), indent + "  ")
        else:
            yield f"{indent}{name}: {json.dumps(value)}"


def _default(field: FieldInfo) -> Any:
    default = field.get_default(call_default_factory=True)
    return None if field.is_required() else default
