"""Releases: which embeddings table and encoder answer a search, and which encoder is next."""

from xnai_pipelines.releases.candidate import Candidate, read_candidate, record_candidate
from xnai_pipelines.releases.manifest import (
    Move,
    Release,
    ReleaseError,
    Releases,
    embeddings_table_name,
    is_embeddings_table,
    now,
)

__all__ = [
    "Candidate",
    "Move",
    "Release",
    "ReleaseError",
    "Releases",
    "embeddings_table_name",
    "is_embeddings_table",
    "now",
    "read_candidate",
    "record_candidate",
]
