"""The folder of documents: what lies there, what changed since the last run, and the ids of what is made of it."""

from xnai_pipelines.documents.changes import Changes, LedgerEntry, VanishGuard, classify
from xnai_pipelines.documents.identity import (
    chunk_id,
    document_id,
    document_revision,
    passage_revision,
)
from xnai_pipelines.documents.listing import FileStat, Listing, ListingError, list_folder

__all__ = [
    "Changes",
    "FileStat",
    "LedgerEntry",
    "Listing",
    "ListingError",
    "VanishGuard",
    "chunk_id",
    "classify",
    "document_id",
    "document_revision",
    "list_folder",
    "passage_revision",
]
