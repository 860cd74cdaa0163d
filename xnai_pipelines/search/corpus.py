"""What search reads of a release: vectors, postings and texts in files that are mapped into memory.

A run that changes a release's table makes its files, named after the rows, and then removes the previous ones; a search
that is open keeps those that it opened. Where there are none, the same is made of the table in memory.
"""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.errors import DamagedArtefactError
from xnai_pipelines.search.codes import Codes
from xnai_pipelines.search.document_share import with_documents
from xnai_pipelines.search.postings import Postings, build_postings
from xnai_pipelines.search.query import Filters
from xnai_pipelines.search.ranking import Rows
from xnai_pipelines.search.spelling import vocabulary_of
from xnai_pipelines.search.words import ANALYSER, STEMMED, terms, words
from xnai_pipelines.state.artefacts import publish_artefact, read_card
from xnai_pipelines.state.lancedb_import import keep_pandas_out_of_pyarrow
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Release
from xnai_pipelines.state.tables import Tables, vectors_of

SHOWN = ["chunk_id", "document_id", "source", "start", "end", "heading_path", "page", "media_type", "language", "text"]
FORMAT = 4  # raised when the files of the same table are other ones

_CONTEXT = "context"  # column: what a passage has before the text of its chunk
_PASSAGES = "passages.arrow"
_VOCABULARY = "vocabulary.arrow"
_POSTINGS = ("keys", "starts", "rows", "weights")
_TITLE = "title_"

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """The passages of a release, in the order of their ids.

    Attributes:
        passages: The columns `SHOWN`, and as `context` what each passage has before its text; n rows.
        vectors: float32 [n, d], passages and a share of their documents, as `with_documents` returns them.
        codes: The vectors in 8 bits.
        originals: The first passage with the same text as each: int64 [n].
        postings: The terms of the passages.
        titles: The title of each passage's document as one term: its words with spaces between them.
        vocabulary: The words of the passages, as `vocabulary_of` returns them.
        languages: The languages whose stems the postings hold; "" for passages that are not stemmed.
    """

    passages: pa.Table
    vectors: Vectors
    codes: Codes
    originals: Rows
    postings: Postings
    titles: Postings
    vocabulary: pa.Table
    languages: tuple[str, ...]

    @classmethod
    def of_rows(cls, rows: pa.Table) -> Self:
        """Return the corpus of the rows of an embeddings table; terms that are missing or old are made again."""
        rows = rows.take(pc.sort_indices(rows["chunk_id"])).combine_chunks()
        languages = {language if language in STEMMED else "" for language in pc.unique(rows["language"]).to_pylist()}
        dimension = rows.schema.field("vector").type.list_size
        vectors = vectors_of(rows) if len(rows) else np.empty((0, dimension), np.float32)
        vectors = with_documents(vectors, rows["document_id"].to_pylist())
        terms = _terms(rows)
        return cls(
            passages=rows.select(SHOWN).append_column(_CONTEXT, _contexts(rows)),
            vectors=vectors,
            codes=Codes.of(vectors),
            originals=_originals(rows["text"]),
            postings=build_postings(terms),
            titles=build_postings(_titles(rows["heading_path"])),
            vocabulary=vocabulary_of(terms),
            languages=tuple(sorted(languages)),
        )

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the corpus in a folder that `write` made, mapped into memory.

        Raises:
            DamagedArtefactError: A file is missing or not of the size that was written.
        """
        card = read_card(folder)
        passages, vocabulary = _mapped(folder / _PASSAGES), _mapped(folder / _VOCABULARY)

        def array(name: str) -> npt.NDArray[Any]:
            # plain arrays over the mapped files: slices of numpy.memmap cost microseconds each
            return np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r"))

        def postings(prefix: str) -> Postings:
            keys, starts, rows, weights = (array(f"{prefix}{name}") for name in _POSTINGS)
            return Postings(keys, starts, rows, weights, len(passages))

        return cls(
            passages=passages,
            vectors=array("vectors"),
            codes=Codes(array("codes"), array("steps"), card["codes_error"]),
            originals=array("originals"),
            postings=postings(""),
            titles=postings(_TITLE),
            vocabulary=vocabulary,
            languages=tuple(card["languages"]),
        )

    def write(self, folder: Path) -> None:
        """Write the corpus' files into the folder, atomically."""

        def fill(temporary: Path) -> dict[str, Any]:
            for name, table in ((_PASSAGES, self.passages), (_VOCABULARY, self.vocabulary)):
                with pa.ipc.new_file(str(temporary / name), table.schema) as file:
                    file.write_table(table)
            named: dict[str, npt.NDArray[Any]] = {
                "vectors": self.vectors,
                "codes": self.codes.values,
                "steps": self.codes.steps,
                "originals": self.originals,
                **{name: getattr(self.postings, name) for name in _POSTINGS},
                **{f"{_TITLE}{name}": getattr(self.titles, name) for name in _POSTINGS},
            }
            for name, array in named.items():
                np.save(temporary / f"{name}.npy", array, allow_pickle=False)
            return {
                "languages": list(self.languages),
                "passages": len(self.passages),
                "codes_error": self.codes.error,
            }

        publish_artefact(folder, fill)

    def matching(self, filters: Filters) -> npt.NDArray[np.bool_] | None:
        """Return which passages satisfy the filters: bool [n]; None if all do."""
        masks = []
        if filters.source_prefix:
            masks.append(pc.starts_with(self.passages["source"], filters.normal_prefix))
        if filters.media_type:
            masks.append(pc.equal(self.passages["media_type"], filters.media_type))
        if filters.language:
            masks.append(pc.equal(self.passages["language"], filters.language))
        if not masks:
            return None
        found = masks[0]
        for mask in masks[1:]:
            found = pc.and_(found, mask)
        matching: npt.NDArray[np.bool_] = pc.fill_null(found, False).to_numpy()
        return matching

    def shown(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        """Return the columns `SHOWN` of the passages in these rows."""
        shown: list[dict[str, Any]] = self.passages.select(SHOWN).take(pa.array(rows, pa.int64())).to_pylist()
        return shown

    def passage_texts(self, rows: Sequence[int]) -> list[str]:
        """Return the passages in these rows as the encoder reads them."""
        contexts, texts = self.contexts(rows), self.values("text", rows)
        return [context + text for context, text in zip(contexts, texts, strict=True)]

    def contexts(self, rows: Sequence[int]) -> list[str]:
        """Return what the passages in these rows have before their texts: titles, headings, a table's columns."""
        return self.values(_CONTEXT, rows)

    def values(self, column: str, rows: Sequence[int]) -> list[Any]:
        """Return one column of the passages in these rows."""
        values: list[Any] = self.passages[column].take(pa.array(rows, pa.int64())).to_pylist()
        return values


def open_corpus(home: Home, release: Release) -> Corpus:
    """Return the corpus of a release from its files, or from its table if there are none.

    Raises:
        TableError: The release has neither.
        DamagedArtefactError: The files are damaged.
    """
    keep_pandas_out_of_pyarrow()  # a search from the command line would load it, and needs nothing of it
    folder = _folder(home, release.embeddings_table)
    while made := sorted(folder.glob(f"{FORMAT}-*")):  # an older program's files are not read
        try:
            return Corpus.read(max(made, key=lambda path: path.stat().st_mtime_ns))
        except (DamagedArtefactError, FileNotFoundError):
            if all(path.exists() for path in made):  # else a run has just replaced one
                raise
    return Corpus.of_rows(_rows(Tables(home.lancedb), release.embeddings_table))


def publish_corpus(home: Home, tables: Tables, table: str) -> bool:
    """Make the files of a table if they are not those of its rows; return whether they were made."""
    folder = _folder(home, table)
    current = folder / _stamp(tables, table)
    if current.exists():
        return False
    Corpus.of_rows(_rows(tables, table)).write(current)
    for other in folder.glob("*"):
        if other.name.lstrip(".").split(".")[0] != current.name:
            shutil.rmtree(other) if other.is_dir() else other.unlink()
    return True


def corpus_is_current(home: Home, tables: Tables, table: str) -> bool:
    """Return whether a search of a table finds its rows as they are now; while a run changes them it does not."""
    made = {path.name for path in _folder(home, table).glob(f"{FORMAT}-*")}
    return not made or _stamp(tables, table) in made


def withdraw_corpus(home: Home, table: str) -> None:
    """Remove the files of a table, so that nothing is found that its rows no longer hold."""
    shutil.rmtree(_folder(home, table), ignore_errors=True)


def _folder(home: Home, table: str) -> Path:
    return home.index / table


def _rows(tables: Tables, table: str) -> pa.Table:
    opened = tables.open(table)
    columns = [*SHOWN, "passage", "vector", *(name for name in ("terms", "analyser") if name in opened.schema.names)]
    rows: pa.Table = opened.search().select(columns).to_arrow().select(columns)
    return rows


def _stamp(tables: Tables, table: str) -> str:
    """Return the name of the files: their format, and a hash of the table's rows and of what makes files of them."""
    rows = tables.open(table).search().select(["chunk_id", "revision"]).to_arrow()
    pairs = sorted(zip(rows["chunk_id"].to_pylist(), rows["revision"].to_pylist(), strict=True))
    return f"{FORMAT}-{hashlib.sha256(f'{ANALYSER} {pairs}'.encode()).hexdigest()[:16]}"


def _mapped(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def _originals(texts: pa.ChunkedArray) -> Rows:
    codes = texts.combine_chunks().dictionary_encode().indices.to_numpy()
    first: Rows = np.unique(codes, return_index=True)[1].astype(np.int64)
    originals: Rows = first[codes]
    return originals


def _titles(headings: pa.ChunkedArray) -> pa.ListArray:
    """Return the first heading of each passage as its one term, none for passages without: list<string> [n]."""
    terms = {
        title: " ".join(word.text for word in words(title))
        for title in {path[0] for path in headings.to_pylist() if path}
    }
    return pa.array([[terms[path[0]]] if path else [] for path in headings.to_pylist()], pa.list_(pa.string()))


def _contexts(rows: pa.Table) -> pa.Array:
    """Return what each passage has before its chunk's text, with which it ends."""
    pairs = zip(rows["passage"].to_pylist(), rows["text"].to_pylist(), strict=True)
    return pa.array([whole.removesuffix(text) for whole, text in pairs], pa.string())


def _terms(rows: pa.Table) -> pa.ListArray:
    """Return the stored terms of the rows; those made by another analyser, or by none, are made from the passages."""
    stored = rows["analyser"].to_pylist() if "analyser" in rows.column_names else [None] * len(rows)
    if all(version == ANALYSER for version in stored) and len(rows):
        return rows["terms"].combine_chunks()
    return terms_of(rows)


def terms_of(rows: pa.Table) -> pa.ListArray:
    """Return the terms of the rows' passages, each in the language of its row: list<string> [n]."""
    texts = zip(rows["passage"].to_pylist(), rows["language"].to_pylist(), strict=True)
    return pa.array([terms(passage, language) for passage, language in texts], pa.list_(pa.string()))
