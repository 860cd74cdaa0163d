"""Rows of the table `mentions`: every mention with its entity and the rule that says so. Pure."""

from typing import Any

import numpy as np
import pyarrow as pa

from xnai_pipelines.graph.arrays import taken
from xnai_pipelines.graph.fingerprints import fingerprints
from xnai_pipelines.graph.reading import Reading
from xnai_pipelines.graph.resolution import RULES, Resolved
from xnai_pipelines.graph.rows import digest, with_revision
from xnai_pipelines.graph.tables import MENTIONS


def entity_id(key: str) -> str:
    """Return the id of the entity with this key."""
    return digest("entity", key)


def mention_rows(reading: Reading, resolved: Resolved) -> pa.Table:
    """Return the mentions that name something, by id."""
    at = np.flatnonzero(resolved.kept)
    start, cut = reading.start[at], resolved.cut[at]
    chunk = reading.chunk[at]
    surfaces = [
        reading.surfaces[code][off:] for code, off in zip(reading.surface[at].tolist(), cut.tolist(), strict=True)
    ]
    chunk_ids = taken(reading.chunk_ids, chunk)
    columns: dict[str, Any] = {
        "mention_id": fingerprints((chunk_ids, start + cut, reading.end[at])),
        "chunk_id": chunk_ids,
        "document_id": taken(reading.document_ids, reading.document_of[chunk]),
        "start": start + cut,
        "end": reading.end[at],
        "surface": surfaces,
        "entity_id": taken([entity_id(key) for key in resolved.keys], resolved.entity[at]),
        "type": taken([kind.value for kind in reading.kinds], reading.kind[at]),
        "extractor": taken(reading.extractors, reading.extractor[at]),
        "rule": taken([rule.value for rule in RULES], resolved.rule[at]),
        "sentence_start": reading.sentence_start[at],
        "sentence_end": reading.sentence_end[at],
        "position": at - np.searchsorted(reading.chunk, chunk),
    }
    return with_revision(columns, MENTIONS.schema)
