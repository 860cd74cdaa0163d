"""The LanceDB tables: their columns, and the store that reads and writes them."""

from xnai_pipelines.tables.columns import COLUMNS
from xnai_pipelines.tables.schemas import (
    CHUNKS,
    DOCUMENTS,
    FILES,
    QUARANTINE,
    QUESTIONS,
    TIME,
    TRAINING_PAIRS,
    TableSpec,
    embeddings_spec,
)
from xnai_pipelines.tables.store import TableError, Tables, is_in, kill_after, quoted

__all__ = [
    "CHUNKS",
    "COLUMNS",
    "DOCUMENTS",
    "FILES",
    "QUARANTINE",
    "QUESTIONS",
    "TIME",
    "TRAINING_PAIRS",
    "TableError",
    "TableSpec",
    "Tables",
    "embeddings_spec",
    "is_in",
    "kill_after",
    "quoted",
]
