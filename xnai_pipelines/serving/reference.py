"""The page /docs: the OpenAPI description as one HTML page, with an example of each request; it needs no script."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

Schema = Mapping[str, Any]

_BY_TYPE: Mapping[str, Any] = {"string": "text", "integer": 1, "number": 1.0, "boolean": False, "array": []}
_METHODS = ("get", "post", "put", "delete")


def reference_page(description: Schema) -> str:
    """Return the page of an OpenAPI description."""
    routes = [
        (path, method, operation)
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
        if method in _METHODS
    ]
    contents = "".join(
        f'<li><a href="#{_anchor(path, method)}">{_name(path, method)}</a></li>' for path, method, _ in routes
    )
    body = "".join(_route(path, method, operation, description) for path, method, operation in routes)
    title = escape(description["info"]["title"])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="/page/icon.svg"><link rel="stylesheet" href="/page/docs.css"></head>'
        f"<body><h1>{title}</h1>{_prose(description['info'].get('description', ''))}"
        '<p>The same for programs: <a href="/openapi.json">/openapi.json</a></p>'
        f"<nav><ul>{contents}</ul></nav><main>{body}</main></body></html>"
    )


def example_of(schema: Schema, description: Schema) -> Any:
    """Return a value of a schema: its example or default if it has one, else only what is required."""
    schema = _resolved(schema, description)
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("default", "const"):
        if schema.get(key) is not None:
            return schema[key]
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return example_of(schema[key][0], description)
    if "properties" in schema:
        wanted = schema.get("required", ())
        return {
            name: example_of(part, description)
            for name, part in schema["properties"].items()
            if name in wanted or part.get("examples")
        }
    if schema.get("type") == "array" and schema.get("minItems"):
        return [example_of(schema["items"], description)] * schema["minItems"]
    least = schema.get("minimum")
    return _BY_TYPE.get(schema.get("type", ""), {}) if least is None else least


def request_of(operation: Schema, description: Schema) -> Any | None:
    """Return an example of the body that an operation takes, None if it takes none."""
    schema = _body(operation)
    return None if schema is None else example_of(schema, description)


def _route(path: str, method: str, operation: Schema, description: Schema) -> str:
    parts = [
        f'<section id="{_anchor(path, method)}"><h2>{_name(path, method)}</h2>',
        _prose(operation.get("description", "")),
    ]
    parameters = [one for one in operation.get("parameters", ()) if one["in"] in ("path", "query")]
    if parameters:
        rows = [
            (one["name"], one["schema"], one.get("description", ""), one.get("required", False)) for one in parameters
        ]
        parts.append(_table("Parameters", rows, description))
    body = _body(operation)
    if body is not None:
        parts.append(_table("Body", _fields(body, description), description))
    parts.append(f"<h3>Example</h3><pre><code>{escape(_command(path, method, operation, description))}</code></pre>")
    answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema")
    if answer is not None:
        parts.append(_table("Response", _fields(answer, description), description))
    refusals = "".join(
        f"<li><code>{status}</code> {escape(one['description'])}</li>"
        for status, one in sorted(operation["responses"].items())
        if status != "200"
    )
    parts.append(f"<details><summary>Other statuses</summary><ul>{refusals}</ul></details></section>")
    return "".join(parts)


def _command(path: str, method: str, operation: Schema, description: Schema) -> str:
    """Return a call of an operation with curl."""
    body = request_of(operation, description)
    lines = [f'curl "$XNAI_URL{path}"', '-H "Authorization: Bearer $XNAI_TOKEN"']
    if method not in ("get", "post") or (method == "post" and body is None):
        lines.append(f"-X {method.upper()}")
    if body is not None:
        given = json.dumps(body, ensure_ascii=False).replace("'", "'\\''")
        lines += ["-H 'Content-Type: application/json'", f"-d '{given}'"]
    return " \\\n  ".join(lines)


def _table(title: str, fields: list[tuple[str, Schema, str, bool]], description: Schema) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code>{' *' if required else ''}</td>"
        f"<td>{escape(_kind(schema, description))}</td><td>{''.join(_marked(text))}{_limits(schema)}</td></tr>"
        for name, schema, text, required in fields
    )
    return f"<h3>{title}</h3><table><tbody>{rows}</tbody></table>" if rows else ""


def _fields(schema: Schema, description: Schema) -> list[tuple[str, Schema, str, bool]]:
    schema = _resolved(schema, description)
    schema = _resolved(schema.get("items", schema), description)
    wanted = schema.get("required", ())
    return [
        (name, part, part.get("description", ""), name in wanted) for name, part in schema.get("properties", {}).items()
    ]


def _kind(schema: Schema, description: Schema) -> str:
    """Return the name of a schema's type."""
    if "$ref" in schema:
        named = _resolved(schema, description)
        return " | ".join(named["enum"]) if "enum" in named else str(schema["$ref"]).rpartition("/")[2]
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " | ".join(dict.fromkeys(_kind(one, description) for one in schema[key]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}), description)}"
    return " | ".join(map(str, schema.get("enum", ()))) or str(schema.get("type", "any"))


_LIMITS = {"default": "default", "minimum": "min", "maximum": "max", "maxLength": "max length", "maxItems": "max items"}


def _limits(schema: Schema) -> str:
    told = [
        f"{word} {escape(json.dumps(_whole(schema[key]), ensure_ascii=False))}"
        for key, word in _LIMITS.items()
        if schema.get(key) not in (None, {}, [], "")
    ]
    return f" <small>{', '.join(told)}</small>" if told else ""


def _whole(value: Any) -> Any:
    """Return a limit as people write it: FastAPI says 1.0 of whole numbers too."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _body(operation: Schema) -> Schema | None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return None if content is None else content["schema"]


def _resolved(schema: Schema, description: Schema) -> Schema:
    while "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        schema = {**description["components"]["schemas"][name], **{k: v for k, v in schema.items() if k != "$ref"}}
    return schema


def _anchor(path: str, method: str) -> str:
    return escape(f"{method}{path.translate({ord(letter): '-' for letter in '/{}'})}")


def _name(path: str, method: str) -> str:
    return f"<code>{method.upper()} {escape(path)}</code>"


def _prose(text: str) -> str:
    """Return paragraphs, their words in backquotes as code."""
    return "".join(f"<p>{''.join(_marked(part))}</p>" for part in text.split("\n\n") if part.strip())


def _marked(paragraph: str) -> Iterator[str]:
    for place, part in enumerate(paragraph.split("`")):
        yield f"<code>{escape(part)}</code>" if place % 2 else escape(part)
