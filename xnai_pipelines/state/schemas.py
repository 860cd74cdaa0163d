"""The tables of a home: their columns and keys.

Every row from which a later stage derives rows carries a `revision`: a hash of all that the stage reads of it. A
stage finds its work by comparing revisions; no table has to trust another's timestamps.
"""

from dataclasses import dataclass

import pyarrow as pa

TIME = pa.timestamp("us", tz="UTC")

HEADING = pa.struct([("start", pa.int64()), ("level", pa.int8()), ("title", pa.string())])
INNER_SECTION = pa.struct([("start", pa.int64()), ("heading_path", pa.list_(pa.string()))])
PAGE = pa.struct([("start", pa.int64()), ("label", pa.string())])
OMISSION = pa.struct([("part", pa.string()), ("count", pa.int64()), ("example", pa.string())])
SKIPPED_MEMBERS = pa.struct([("reason", pa.string()), ("members", pa.int64())])


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table: its name, the column that identifies a row, and its schema."""

    name: str
    key: str
    schema: pa.Schema


FILES = TableSpec(
    "files",
    "path",
    pa.schema(
        [
            ("path", pa.string()),
            ("outcome", pa.string()),  # documents, quarantined, skipped
            ("reason", pa.string()),
            ("content_sha256", pa.string()),
            ("parser", pa.string()),
            ("size_bytes", pa.int64()),
            ("modified_ns", pa.int64()),
            ("read_ns", pa.int64()),
            ("documents", pa.int64()),
            ("bad_records", pa.int64()),
            ("skipped_members", pa.list_(SKIPPED_MEMBERS)),
        ]
    ),
)

DOCUMENTS = TableSpec(
    "documents",
    "document_id",
    pa.schema(
        [
            ("document_id", pa.string()),
            ("source", pa.string()),
            ("path", pa.string()),
            ("content_sha256", pa.string()),
            ("title", pa.string()),
            ("text", pa.string()),
            ("media_type", pa.string()),
            ("language", pa.string()),
            ("markup", pa.string()),
            ("headings", pa.list_(HEADING)),
            ("pages", pa.list_(PAGE)),
            ("encoding_repair", pa.string()),
            ("omissions", pa.list_(OMISSION)),
            ("parser", pa.string()),
            ("size_bytes", pa.int64()),
            ("modified_at", TIME),
            ("ingested_at", TIME),
            ("run_id", pa.string()),
            ("revision", pa.string()),
        ]
    ),
)

QUARANTINE = TableSpec(
    "quarantine",
    "source",
    pa.schema(
        [
            ("source", pa.string()),
            ("path", pa.string()),
            ("stage", pa.string()),
            ("error_type", pa.string()),
            ("error", pa.string()),
            ("attempts", pa.int64()),
            ("content_sha256", pa.string()),
            ("first_seen_at", TIME),
            ("last_seen_at", TIME),
        ]
    ),
)

# What search and the encoder read of a chunk; the embeddings table has the same columns and the vector.
PASSAGE_COLUMNS: list[tuple[str, pa.DataType]] = [
    ("chunk_id", pa.string()),
    ("document_id", pa.string()),
    ("source", pa.string()),
    ("ordinal", pa.int64()),
    ("start", pa.int64()),
    ("end", pa.int64()),
    ("text", pa.string()),
    ("heading_path", pa.list_(pa.string())),
    ("sections", pa.list_(INNER_SECTION)),
    ("page", pa.string()),
    ("media_type", pa.string()),
    ("language", pa.string()),
    ("passage", pa.string()),
    ("revision", pa.string()),
]

CHUNKS = TableSpec(
    "chunks",
    "chunk_id",
    pa.schema(
        [
            *PASSAGE_COLUMNS,
            ("token_count", pa.int64()),
            ("strategy", pa.string()),
            ("document_revision", pa.string()),
        ]
    ),
)

RELEVANT = pa.struct([("document_id", pa.string()), ("chunk_id", pa.string()), ("grade", pa.int64())])

QUESTIONS = TableSpec(
    "questions",
    "question_id",
    pa.schema(
        [
            ("question_id", pa.string()),
            ("question", pa.string()),
            ("relevant", pa.list_(RELEVANT)),
            ("origin", pa.string()),
            ("split", pa.string()),
        ]
    ),
)


# Ids only: the texts are in the chunks, so a deleted document leaves none behind.
TRAINING_PAIRS = TableSpec(
    "training_pairs",
    "pair_id",
    pa.schema(
        [
            ("pair_id", pa.string()),
            ("question_id", pa.string()),
            ("question", pa.string()),
            ("origin", pa.string()),
            ("split", pa.string()),
            ("language", pa.string()),
            ("document_id", pa.string()),
            ("chunk_id", pa.string()),
            ("negatives", pa.list_(pa.string())),
        ]
    ),
)


def embeddings_spec(name: str, dimension: int) -> TableSpec:
    """Return the spec of a release's embeddings table, whose vectors are float32 of the given dimension."""
    columns = [
        *PASSAGE_COLUMNS,
        ("terms", pa.list_(pa.string())),
        ("analyser", pa.int32()),
        ("vector", pa.list_(pa.float32(), dimension)),
        ("vector_space", pa.string()),
    ]
    return TableSpec(name, "chunk_id", pa.schema(columns))
