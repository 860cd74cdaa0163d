"""Ids and revisions: pure functions of content, so that every run gives the same ones."""

import hashlib
import json

from xnai_pipelines.documents.parsers.parsed import ParsedDocument


def document_id(source: str) -> str:
    """Return the id of a document, from its source alone, so that an edit keeps it. 32 hexadecimal digits."""
    return _digest(source)


def chunk_id(document: str, start: int, end: int, text: str) -> str:
    """Return the id of a chunk from its document's id, its range and its text. 32 hexadecimal digits."""
    return _digest(document, str(start), str(end), text)


def document_revision(document: ParsedDocument) -> str:
    """Return a hash of everything that later stages read of a document."""
    structure = json.dumps(
        [
            [[h.start, h.level, h.title] for h in document.headings],
            [[p.start, p.label] for p in document.pages],
        ]
    )
    parts = (document.title, document.media_type, document.markup, document.language or "", structure, document.text)
    return _digest(*parts)


def passage_revision(columns: str) -> str:
    """Return a hash of the columns, as JSON, that the embeddings table copies from a chunk."""
    return _digest(columns)


def _digest(*parts: str) -> str:
    # length before each part: ("ab", "c") and ("a", "bc") must differ
    hasher = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hasher.update(len(data).to_bytes(8, "little") + data)
    return hasher.hexdigest()
