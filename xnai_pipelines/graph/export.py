"""The graph as a file for other programs: GraphML, or a line of JSON for each entity, relation and community."""

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from xnai_pipelines.graph.tables import COMMUNITIES, ENTITIES, RELATIONS
from xnai_pipelines.state.schemas import TableSpec
from xnai_pipelines.state.tables import Tables

_NODE = (("form", "string"), ("type", "string"), ("mention_count", "long"), ("document_count", "long"))
_EDGE = (("type", "string"), ("weight", "double"), ("sentence_count", "long"))
_ILLEGAL = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd")


class Format(StrEnum):
    """The form of an exported graph."""

    GRAPHML = "graphml"
    JSONL = "jsonl"


def exported(tables: Tables, form: Format) -> Iterator[str]:
    """Yield the graph in lines; only one batch of rows is in memory."""
    return _graphml(tables) if form is Format.GRAPHML else _jsonl(tables)


def _jsonl(tables: Tables) -> Iterator[str]:
    for kind, spec in (("entity", ENTITIES), ("relation", RELATIONS), ("community", COMMUNITIES)):
        for row in _rows(tables, spec):
            yield json.dumps({"kind": kind, **row}, ensure_ascii=False)


def _graphml(tables: Tables) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    for domain, keys in (("node", _NODE), ("edge", _EDGE)):
        for name, kind in keys:
            yield f'  <key id="{domain}_{name}" for="{domain}" attr.name="{name}" attr.type="{kind}"/>'
    yield '  <graph edgedefault="directed">'
    for row in _rows(tables, ENTITIES):
        yield f"    <node id={quoteattr(row['entity_id'])}>{_data('node', _NODE, row)}</node>"
    for row in _rows(tables, RELATIONS):
        ends = f"source={quoteattr(row['source_id'])} target={quoteattr(row['target_id'])}"
        yield f"    <edge id={quoteattr(row['relation_id'])} {ends}>{_data('edge', _EDGE, row)}</edge>"
    yield "  </graph>"
    yield "</graphml>"


def _data(domain: str, keys: tuple[tuple[str, str], ...], row: dict[str, Any]) -> str:
    return "".join(
        f'<data key="{domain}_{name}">{escape(str(row[name]).translate(_ILLEGAL))}</data>' for name, _ in keys
    )


def _rows(tables: Tables, spec: TableSpec) -> Iterator[dict[str, Any]]:
    for batch in tables.stream(spec, [name for name in spec.schema.names if name != "revision"]):
        yield from batch.to_pylist()
