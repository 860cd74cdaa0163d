"""Rows of the table `entities`: what the mentions name, with forms, merges and supporting chunks. Pure."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from xnai_pipelines.graph.arrays import Ints, encoded, grouped, taken
from xnai_pipelines.graph.forms import form_of
from xnai_pipelines.graph.found import Kind
from xnai_pipelines.graph.merging import Rule
from xnai_pipelines.graph.rows import with_revision
from xnai_pipelines.graph.tables import ENTITIES

MERGES_SHOWN = 32  # surfaces of an entity, the most frequent ones

# Where mentions of several kinds name one entity, the first of these that it has is its type.
_TYPES = (
    Kind.SETTING, Kind.COMMAND, Kind.IDENTIFIER, Kind.EMAIL, Kind.ADDRESS, Kind.VERSION, Kind.DATE, Kind.SYMBOL,
)  # fmt: skip
_DIRECT = (Rule.FORM.value, Rule.TITLE.value)


def entity_rows(mentions: pa.Table, types: Mapping[str, str]) -> pa.Table:
    """Return the entities of the mentions, by id.

    Args:
        mentions: Rows of the table `mentions`, in any order.
        types: Types that the user gives, by entity id.
    """
    rows = mentions.sort_by([("entity_id", "ascending"), ("mention_id", "ascending")])
    entity, ids = encoded(rows["entity_id"].combine_chunks())
    chunk, chunk_ids = encoded(rows["chunk_id"].combine_chunks())
    document, document_ids = encoded(rows["document_id"].combine_chunks())
    columns: dict[str, Any] = {
        "entity_id": ids,
        "mention_count": np.bincount(entity, minlength=len(ids)),
        "weight": np.bincount(entity, minlength=len(ids)).astype(np.float64),
        "document_count": _distinct_counts(entity, document, len(ids), len(document_ids)),
        "chunk_ids": _distinct_lists(entity, chunk, len(ids), chunk_ids),
        **_forms(rows, entity, ids, types),
        **_titled(rows, entity, document, ids, document_ids),
    }
    return with_revision(columns, ENTITIES.schema)


def _distinct(group: Ints, value: Ints, width: int) -> tuple[Ints, Ints]:
    pairs = np.unique(group * max(1, width) + value)
    return pairs // max(1, width), pairs % max(1, width)


def _distinct_counts(group: Ints, value: Ints, size: int, width: int) -> Ints:
    return np.bincount(_distinct(group, value, width)[0], minlength=size)


def _distinct_lists(group: Ints, value: Ints, size: int, values: list[str]) -> pa.Array:
    """Return the sorted distinct values of each group as lists."""
    groups, codes = _distinct(group, value, len(values))
    return grouped(taken(values, codes), groups, size)


def _titled(rows: pa.Table, entity: Ints, document: Ints, ids: list[str], document_ids: list[str]) -> dict[str, Any]:
    kinds = rows["type"].to_numpy(zero_copy_only=False)
    of_title = kinds == Kind.TITLE.value
    return {"titled_documents": _distinct_lists(entity[of_title], document[of_title], len(ids), document_ids)}


def _forms(rows: pa.Table, entity: Ints, ids: list[str], types: Mapping[str, str]) -> dict[str, Any]:
    """Return the columns form, type, aliases and merges."""
    surface, surfaces = encoded(rows["surface"].combine_chunks())
    rule, rules = encoded(rows["rule"].combine_chunks())
    kind, kinds = encoded(rows["type"].combine_chunks())
    key = ((entity * max(1, len(surfaces)) + surface) * max(1, len(rules)) + rule) * max(1, len(kinds)) + kind
    distinct, counts = np.unique(key, return_counts=True)
    texts = [form_of(text).text for text in surfaces]
    votes: list[Counter[str]] = [Counter() for _ in ids]
    of_type: list[Counter[str]] = [Counter() for _ in ids]
    merged: list[Counter[tuple[str, str]]] = [Counter() for _ in ids]
    for each, count in zip(distinct.tolist(), counts.tolist(), strict=True):
        rest, a_kind = divmod(each, len(kinds))
        rest, a_rule = divmod(rest, len(rules))
        an_entity, a_surface = divmod(rest, len(surfaces))
        is_title = kinds[a_kind] == Kind.TITLE.value
        direct = rules[a_rule] in _DIRECT
        # a title is the best form, then what needs no rule
        votes[an_entity][texts[a_surface]] += count * (1_000_000 if is_title else 1_000 if direct else 1)
        of_type[an_entity][kinds[a_kind]] += count
        merged[an_entity][texts[a_surface], rules[a_rule]] += count
    return {
        "form": [_best(found) for found in votes],
        "type": [types.get(ids[at]) or _type(found) for at, found in enumerate(of_type)],
        "aliases": [sorted(found) for found in votes],
        "merges": [
            [
                {"surface": surface, "rule": rule, "mentions": n}
                for (surface, rule), n in sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MERGES_SHOWN]
            ]
            for found in merged
        ],
    }


def _best(found: Counter[str]) -> str:
    return min(found, key=lambda text: (-found[text], text))


def _type(found: Counter[str]) -> str:
    for kind in _TYPES:
        if found[kind.value]:
            return kind.value
    return min(found, key=lambda kind: (-found[kind], kind))
