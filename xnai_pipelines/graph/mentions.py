"""Rows of the table `mentions`: every mention with its entity and the rule that says so. Pure."""

from typing import Any

import numpy as np
import pyarrow as pa

from xnai_pipelines.graph.arrays import taken
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
    ranges = zip(chunk.tolist(), (start + cut).tolist(), reading.end[at].tolist(), strict=True)
    columns: dict[str, Any] = {
        "mention_id": [digest("mention", reading.chunk_ids[row], first, last) for row, first, last in ranges],
        "chunk_id": taken(reading.chunk_ids, chunk),
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
