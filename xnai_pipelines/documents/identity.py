"""Ids and revisions: pure functions of content, the same in every run."""

import hashlib
import json
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xnai_pipelines.documents.parsers.parsed import ParsedDocument

_HERE = re.compile(r"\A(?:\./+)+")
_INSIDE = re.compile("[#!]")  # before the id of a record, and before the name of a file in a file


def source_name(name: str) -> str:
    """Return the one form of a source, however it is written: Unicode NFC, without "./" before it."""
    return unicodedata.normalize("NFC", _HERE.sub("", name))


def possible_files(source: str) -> list[str]:
    """Return the paths of the files that a source may lie in. Names may have the signs of records and members too."""
    return [*(source[: sign.start()] for sign in _INSIDE.finditer(source) if sign.start()), source]


def lies_in(source: str, path: str, outer: str) -> bool:
    """Return whether a source, whose file has this path, is what `outer` names, or a record or a file in that."""
    within_file = len(outer) >= len(path) and source.startswith((f"{outer}#", f"{outer}!"))
    return within_file or outer in (source, path)


def document_id(source: str) -> str:
    """Return the id of a document, 32 hexadecimal digits. It depends on the source alone, so an edit keeps it."""
    return _digest(source)


def chunk_id(document: str, start: int, end: int, text: str) -> str:
    """Return the id of a chunk, 32 hexadecimal digits, from its document's id, its range and its text."""
    return _digest(document, str(start), str(end), text)


def document_revision(document: "ParsedDocument") -> str:
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
    # each part follows its length: ("ab", "c") and ("a", "bc") must differ
    hasher = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hasher.update(len(data).to_bytes(8, "little") + data)
    return hasher.hexdigest()
