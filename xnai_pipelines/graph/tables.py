"""The tables of the graph. `extractions` is what was read of each chunk; the others are pure functions of it.

Offsets are characters of the document's text, and `document.text[start:end] == surface` always holds. No table copies a
sentence except the summaries of communities: a relation names the ranges of its sentences.
"""

import pyarrow as pa

from xnai_pipelines.state.schemas import TableSpec

STRINGS = pa.list_(pa.string())

# A mention as it was read, before anything is known of the other documents.
READ_MENTION = pa.struct(
    [
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("surface", pa.string()),
        ("type", pa.string()),
        ("extractor", pa.string()),
        ("initial", pa.bool_()),  # opens its sentence, where any word has a capital letter
        ("sentence_start", pa.int64()),
        ("sentence_end", pa.int64()),
    ]
)
# A typed relation as it was read: positions of mentions in the chunk's list; `target` is a document that is linked to.
STATEMENT = pa.struct(
    [
        ("subject", pa.int32()),
        ("object", pa.int32()),
        ("type", pa.string()),
        ("target", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
    ]
)

FACT = pa.struct(
    [("subject", pa.int32()), ("fact", pa.string())]
)  # of a mention of the chunk; -1: of the document's title

EXTRACTIONS = TableSpec(
    "extractions",
    "chunk_id",
    pa.schema(
        [
            ("chunk_id", pa.string()),
            ("document_id", pa.string()),
            ("ordinal", pa.int64()),
            ("document_revision", pa.string()),
            ("extraction", pa.string()),
            ("language", pa.string()),
            ("mentions", pa.list_(READ_MENTION)),
            ("statements", pa.list_(STATEMENT)),
            ("facts", pa.list_(FACT)),
            ("words", STRINGS),
            ("as_text", STRINGS),  # languages of the code that begins here and has no grammar installed
        ]
    ),
)

MENTIONS = TableSpec(
    "mentions",
    "mention_id",
    pa.schema(
        [
            ("mention_id", pa.string()),
            ("chunk_id", pa.string()),
            ("document_id", pa.string()),
            ("start", pa.int64()),
            ("end", pa.int64()),
            ("surface", pa.string()),
            ("entity_id", pa.string()),
            ("type", pa.string()),
            ("extractor", pa.string()),
            ("rule", pa.string()),
            ("sentence_start", pa.int64()),
            ("sentence_end", pa.int64()),
            ("position", pa.int64()),
            ("revision", pa.string()),
        ]
    ),
)

MERGE = pa.struct([("surface", pa.string()), ("rule", pa.string()), ("mentions", pa.int64())])

ENTITIES = TableSpec(
    "entities",
    "entity_id",
    pa.schema(
        [
            ("entity_id", pa.string()),
            ("form", pa.string()),
            ("type", pa.string()),
            ("aliases", STRINGS),
            ("merges", pa.list_(MERGE)),
            ("weight", pa.float64()),
            ("mention_count", pa.int64()),
            ("document_count", pa.int64()),
            ("titled_documents", STRINGS),
            ("chunk_ids", STRINGS),
            ("grounds", pa.string()),  # a hash of what the row is made of, by which it is known to be out of date
            ("revision", pa.string()),
        ]
    ),
)

SENTENCE_RANGE = pa.struct([("chunk_id", pa.string()), ("start", pa.int64()), ("end", pa.int64())])

RELATIONS = TableSpec(
    "relations",
    "relation_id",
    pa.schema(
        [
            ("relation_id", pa.string()),
            ("source_id", pa.string()),
            ("target_id", pa.string()),
            ("type", pa.string()),
            ("weight", pa.float64()),
            ("sentence_count", pa.int64()),
            ("chunk_ids", STRINGS),
            ("sentences", pa.list_(SENTENCE_RANGE)),
            ("revision", pa.string()),
        ]
    ),
)

SUMMARY = pa.struct([("sentence", pa.string()), ("chunk_id", pa.string()), ("start", pa.int64()), ("end", pa.int64())])

COMMUNITIES = TableSpec(
    "communities",
    "community_id",
    pa.schema(
        [
            ("community_id", pa.string()),
            ("level", pa.int64()),
            ("parent", pa.string()),
            ("members", STRINGS),
            ("title", pa.string()),
            ("summary", pa.list_(SUMMARY)),
            ("grounds", pa.string()),
            ("revision", pa.string()),
        ]
    ),
)

NAMED_BY_CHUNK = pa.struct([("entity_id", pa.string()), ("sentences", pa.int64())])

# What the relations were last made of: by it, only those of chunks that changed are made again.
OCCURRENCES = TableSpec(
    "occurrences",
    "chunk_id",
    pa.schema(
        [
            ("chunk_id", pa.string()),
            ("sentences", pa.int64()),
            ("entities", pa.list_(NAMED_BY_CHUNK)),
            ("grounds", pa.string()),
            ("revision", pa.string()),
        ]
    ),
)

# What recognisers found in chunks, which is a function of their texts: `start` and `end` are characters of the chunk.
RECOGNISED = TableSpec(
    "recognised",
    "recognised_id",
    pa.schema(
        [
            ("recognised_id", pa.string()),
            ("chunk_id", pa.string()),
            ("document_id", pa.string()),
            ("extractor", pa.string()),
            ("content", pa.string()),  # a hash of the chunk's text
            (
                "names",
                pa.list_(
                    pa.struct(
                        [
                            ("start", pa.int64()),
                            ("end", pa.int64()),
                            ("type", pa.string()),
                            ("confidence", pa.float64()),
                        ]
                    )
                ),
            ),
            (
                "relations",
                pa.list_(
                    pa.struct(
                        [
                            ("subject", pa.int32()),
                            ("object", pa.int32()),
                            ("type", pa.string()),
                            ("confidence", pa.float64()),
                        ]
                    )
                ),
            ),
            ("dropped", pa.int64()),
            ("tokens", pa.int64()),
            ("revision", pa.string()),
        ]
    ),
)

GRAPH_TABLES = (EXTRACTIONS, MENTIONS, ENTITIES, RELATIONS, OCCURRENCES, COMMUNITIES, RECOGNISED)
