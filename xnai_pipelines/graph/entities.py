"""Rows of the table `entities`: what the mentions name, with forms, merges and supporting chunks. Pure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from xnai_pipelines.graph.arrays import Ints, changes, encoded, grouped, taken
from xnai_pipelines.graph.fingerprints import fingerprints_of_groups
from xnai_pipelines.graph.forms import form_of
from xnai_pipelines.graph.found import RECOGNISED_NAMES, Kind
from xnai_pipelines.graph.merging import Rule
from xnai_pipelines.graph.rows import with_revision
from xnai_pipelines.graph.tables import ENTITIES, MERGE

MERGES_SHOWN = 32  # surfaces of an entity, the most frequent ones

# Where mentions of several kinds name one entity, the first of these that it has is its type.
_TYPES = tuple(
    kind.value
    for kind in (
        Kind.SETTING,
        Kind.COMMAND,
        Kind.IDENTIFIER,
        Kind.EMAIL,
        Kind.ADDRESS,
        Kind.VERSION,
        Kind.DATE,
        Kind.SYMBOL,
    )
)
_DIRECT = (Rule.FORM.value, Rule.TITLE.value)


def entity_rows(mentions: pa.Table, types: Mapping[str, str]) -> pa.Table:
    """Return the entities of the mentions, by id.

    Args:
        mentions: Rows of the table `mentions`, in any order.
        types: Types that the user gives, by entity id.
    """
    entity, ids = encoded(mentions["entity_id"])
    chunk, chunk_ids = encoded(mentions["chunk_id"])
    document, document_ids = encoded(mentions["document_id"])
    columns: dict[str, Any] = {
        "entity_id": ids,
        "mention_count": np.bincount(entity, minlength=len(ids)),
        "weight": np.bincount(entity, minlength=len(ids)).astype(np.float64),
        "document_count": _distinct_counts(entity, document, len(ids), len(document_ids)),
        "chunk_ids": _distinct_lists(entity, chunk, len(ids), chunk_ids),
        **_forms(mentions, entity, ids, types),
        **_titled(mentions, entity, document, ids, document_ids),
        "grounds": fingerprints_of_groups(mentions["revision"], entity, len(ids)),
    }
    return with_revision(columns, ENTITIES.schema)


def entity_grounds(mentions: pa.Table) -> pa.Table:
    """Return id and grounds of the entities of mentions, of which only entity_id and revision are read."""
    entity, ids = encoded(mentions["entity_id"])
    grounds = fingerprints_of_groups(mentions["revision"], entity, len(ids))
    return pa.table({"entity_id": pa.array(ids, pa.string()), "grounds": grounds})


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
    surface, surfaces = encoded(rows["surface"])
    rule, rules = encoded(rows["rule"])
    kind, kinds = encoded(rows["type"])
    of_surface, texts = encoded(pa.array([form_of(surface).text for surface in surfaces], pa.string()))
    text = of_surface[surface] if len(surface) else surface
    # a title is the best form, then what needs no rule
    is_title = np.array([each == Kind.TITLE.value for each in kinds], dtype=bool)[kind]
    direct = np.array([each in _DIRECT for each in rules], dtype=bool)[rule]
    votes = np.where(is_title, 1_000_000, np.where(direct, 1_000, 1))
    named, a_text, voted = _summed(entity, text, len(texts), votes)
    typed, a_kind, counted = _summed(entity, kind, len(kinds), np.ones_like(votes))
    rank = np.array([_rank(each) for each in kinds], dtype=np.int64)
    best = _first(typed, rank[a_kind], np.where(rank[a_kind] < len(_TYPES), 0, -counted), a_kind)
    found = [kinds[each] for each in a_kind[best].tolist()]
    return {
        "form": taken(texts, a_text[_first(named, -voted, a_text)]),
        "type": [types.get(identity) or each for identity, each in zip(ids, found, strict=True)],
        "aliases": grouped(taken(texts, a_text), named, len(ids)),
        "merges": _merges(entity, text * max(1, len(rules)) + rule, texts, rules, len(ids)),
    }


def _rank(kind: str) -> int:
    """Return the rank of a kind among the types of an entity; what a model says that it is comes before "name"."""
    if kind in _TYPES:
        return _TYPES.index(kind)
    return len(_TYPES) if kind in RECOGNISED_NAMES else len(_TYPES) + 1


def _merges(entity: Ints, way: Ints, texts: list[str], rules: list[str], size: int) -> pa.Array:
    """Return by which rules the most frequent surfaces of each entity were merged, as lists."""
    width = max(1, len(rules))
    merged, a_way, counts = _summed(entity, way, len(texts) * width, np.ones_like(way))
    order = np.lexsort((a_way, -counts, merged))
    shown = order[np.arange(len(order)) - np.searchsorted(merged, merged) < MERGES_SHOWN]
    columns = [taken(texts, a_way[shown] // width), taken(rules, a_way[shown] % width), pa.array(counts[shown])]
    return grouped(pa.StructArray.from_arrays(columns, fields=list(MERGE)), merged[shown], size)


def _summed(group: Ints, value: Ints, width: int, amounts: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the distinct pairs of a group and a value, sorted, and the sum of the amounts of each."""
    pairs, inverse = np.unique(group * max(1, width) + value, return_inverse=True)
    sums = np.bincount(inverse, weights=amounts, minlength=len(pairs)).astype(np.int64)
    return pairs // max(1, width), pairs % max(1, width), sums


def _first(group: Ints, *by: Ints) -> Ints:
    """Return the place of the first item of each group in the order of these columns."""
    order = np.lexsort((*reversed(by), group))
    return order[changes(group[order])]
