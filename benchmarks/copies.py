"""Ingested documents multiplied: copies with paths, ids, words and vectors of their own, in files and in the tables.

Cutting and encoding a million passages takes hours of two cores. The rows of the copies are those that the stages
would write, but for revisions, which are only made to differ.
"""

import time
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.synthetic import COPY, DIFFERENCES, MOVED, Pattern, Vectors, place_of
from xnai_pipelines.documents.identity import chunk_id, document_id
from xnai_pipelines.encoders.cache import VectorCache, text_sha256
from xnai_pipelines.encoders.token_codes import TokenCodes
from xnai_pipelines.state.artefacts import file_sha256
from xnai_pipelines.state.context import StageContext
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, FILES, embeddings_spec

TEXTS = ("text", "passage", "title")
LISTS = ("heading_path", "terms")
REVISIONS = ("revision", "document_revision")


def multiply(context: StageContext, folder: Path, pattern: Pattern, *, copies: int, embedded: int) -> None:
    """Add copies of all documents to the folder and the tables; those after the first `embedded` have no vectors."""
    release = Releases(context.home.releases).require()
    embeddings = embeddings_spec(release.embeddings_table, release.dimension)
    rows = {spec.name: context.tables.read(spec, spec.schema.names) for spec in (FILES, DOCUMENTS, CHUNKS, embeddings)}
    tokens = TokenCodes.of(pattern.vectors[:8], [(place, place + 1) for place in range(8)])
    with VectorCache(context.home.vector_cache) as cache:
        for copy in range(1, copies + 1):
            renamed = partial(_renamed, copy=copy, documents=len(rows["documents"]))
            for path in rows["files"]["path"].to_pylist():
                written = folder / renamed(path)
                written.parent.mkdir(exist_ok=True)
                text = (folder / path).read_text(encoding="utf-8")
                written.write_text(text.replace(COPY, f"{copy:04}"), encoding="utf-8")
            context.tables.add(FILES, _files(rows["files"], folder, [*map(renamed, rows["files"]["path"].to_pylist())]))
            copied = {
                spec.name: _copied(rows[spec.name], copy, [*map(renamed, rows[spec.name]["source"].to_pylist())])
                for spec in (DOCUMENTS, CHUNKS, embeddings)
            }
            context.tables.add(DOCUMENTS, copied["documents"])
            context.tables.add(CHUNKS, copied["chunks"])
            if copy <= embedded:
                vectors = _vectors(rows[embeddings.name], pattern, copy)
                keys = [text_sha256(passage) for passage in copied[embeddings.name]["passage"].to_pylist()]
                cache.put_many(release.vector_space, keys, vectors)
                cache.put_tokens(release.vector_space, dict.fromkeys(keys, tokens))
                column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
                context.tables.add(embeddings, _with(copied[embeddings.name], "vector", column))
            context.progress.say(f"copy {copy} of {copies}")


def _renamed(path: str, copy: int, documents: int) -> str:
    return place_of(copy * documents + int(Path(path).stem))


def _files(rows: pa.Table, folder: Path, paths: list[str]) -> pa.Table:
    status = [(folder / path).stat() for path in paths]
    new = {
        "path": paths,
        "content_sha256": [file_sha256(folder / path) for path in paths],
        "size_bytes": [one.st_size for one in status],
        "modified_ns": [one.st_mtime_ns for one in status],
        "read_ns": [time.time_ns() + 10**10] * len(paths),  # later by more than edits are looked at again
    }
    for name, values in new.items():
        rows = _with(rows, name, pa.array(values, rows.schema.field(name).type))
    return rows


def _copied(rows: pa.Table, copy: int, sources: list[str]) -> pa.Table:
    """Return the rows of the copies with these sources."""
    words = partial(pc.replace_substring, pattern=COPY, replacement=f"{copy:04}")
    for name in rows.column_names:
        column = rows[name].combine_chunks()
        if name in TEXTS:
            rows = _with(rows, name, words(column))
        elif name in LISTS:
            rows = _with(rows, name, pa.ListArray.from_arrays(column.offsets, words(column.values)))
        elif name in REVISIONS:
            rows = _with(rows, name, pc.binary_replace_slice(column, 0, 4, f"{copy:04x}"))
        elif name in ("source", "path"):
            rows = _with(rows, name, pa.array(sources))
    documents = {source: document_id(source) for source in sources}
    rows = _with(rows, "document_id", pa.array([documents[source] for source in sources]))
    if "chunk_id" in rows.column_names:
        parts = zip(*(rows[name].to_pylist() for name in ("document_id", "start", "end", "text")), strict=True)
        rows = _with(rows, "chunk_id", pa.array([chunk_id(*each) for each in parts]))
    return rows


def _vectors(rows: pa.Table, pattern: Pattern, copy: int) -> Vectors:
    """Return the vectors of the rows, moved as those of the pattern are."""
    generator = np.random.default_rng(copy)
    moved: Vectors = rows["vector"].combine_chunks().flatten().to_numpy().reshape(len(rows), -1).copy()
    for _ in range(DIFFERENCES):
        first, second = generator.integers(len(pattern.vectors), size=(2, len(rows)))
        moved += MOVED * (pattern.vectors[first] - pattern.vectors[second])
    return (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)


def _with(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return rows.set_column(rows.column_names.index(name), rows.schema.field(name), values)
