"""Forget a document: in every kept table and its earlier versions, the questions and the vector cache."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xnai_pipelines.adapters.make import adapters_trained_on
from xnai_pipelines.autonomy.drift.make import profiles
from xnai_pipelines.documents.folders import Folders, MirroredFolder
from xnai_pipelines.documents.identity import document_id, lies_in, possible_files, source_name
from xnai_pipelines.encoders.cache import trim_cache
from xnai_pipelines.errors import ForgettingError
from xnai_pipelines.graph.make import bring_graph, overrides_of
from xnai_pipelines.graph.support import SUPPORTED, chunks_of, resting_on
from xnai_pipelines.graph.tables import EXTRACTIONS, MENTIONS, RECOGNISED
from xnai_pipelines.questions.make import read_questions
from xnai_pipelines.releases.rollback import keep_questions, kept_questions
from xnai_pipelines.search.corpus import publish_corpus, withdraw_corpus
from xnai_pipelines.state.context import StageContext, stage, write_report
from xnai_pipelines.state.layout import remove
from xnai_pipelines.state.manifest import Releases, is_embeddings_table
from xnai_pipelines.state.schemas import (
    CHUNKS,
    DOCUMENTS,
    FILES,
    QUARANTINE,
    QUESTIONS,
    TRAINING_PAIRS,
    TableSpec,
    embeddings_spec,
)
from xnai_pipelines.state.table_maintenance import erase, was_stored
from xnai_pipelines.state.table_reading import is_in
from xnai_pipelines.state.tables import Tables

_Rows = tuple[TableSpec, str, Sequence[str]]  # of a table, those with one of these values in this column


@dataclass(frozen=True, slots=True)
class ErasedTable:
    """What was removed from a table: rows, how many of them are found now, and the versions it has now."""

    table: str
    rows_removed: int
    rows_found: int
    versions: int


@dataclass(frozen=True, slots=True)
class ForgettingReport:
    """The proof: per table, what was removed and what is found now.

    `cached_vectors`: vectors removed from the cache, of all passages that are no longer in any chunk. `adapters`:
    adapters trained on the document; they keep what they learned from it until they are trained again without it.
    """

    source: str
    documents: int
    tables: tuple[ErasedTable, ...]
    cached_vectors: int
    adapters: tuple[str, ...]
    seconds: float


def forget(
    context: StageContext, folder: Path, source: str, mirrors: Mapping[str, MirroredFolder] | None = None
) -> ForgettingReport:
    """Erase a document, or all records and files of a file, from everything that the home keeps.

    Works even if the document is no longer stored: it also erases what earlier deletions left in the table files. The
    tables by which a document is known come last, so a second call completes one that was killed. Drift profiles count
    the document's words and sum its vectors, so they are removed; the next evaluation profiles the current release
    again.

    Args:
        context: The home.
        folder: The documents folder.
        source: Source of a document, or of the file that holds documents.
        mirrors: Mirrors of other sources by prefix.

    Raises:
        ForgettingError: The file is still in the folder, so the next run would read it again; or nothing is known of
            the document.
        GraphRulesError: The `graph.yaml` of the documents folder is not acceptable; nothing is erased.
    """
    source = source_name(source)
    stored, files = _stored(context.tables, Folders(folder, mirrors or {}), source)
    with stage(context, "forgetting") as watch:
        documents = sorted({document_id(source), *stored})
        embeddings = _embeddings(context.tables)
        made_of_it: list[_Rows] = [
            (spec, "document_id", documents)
            for spec in (CHUNKS, TRAINING_PAIRS, RECOGNISED, EXTRACTIONS, MENTIONS, *embeddings)
        ]
        # the files last: every document came from one
        known_by: list[_Rows] = [
            (DOCUMENTS, "document_id", documents),
            (QUARANTINE, "path", files),
            (FILES, "path", files),
        ]
        adapters = adapters_trained_on(context.home, frozenset(documents))
        if not adapters and not any(was_stored(context.tables, *rows) for rows in (*known_by, *made_of_it)):
            raise ForgettingError(
                f"There is no document {source}, and no table holds rows of it. Name it as `xnai search` shows it."
            )
        watch.items = len(stored)
        overrides_of(context.home)  # the graph is made with them after much is erased
        for spec in embeddings:
            withdraw_corpus(context.home, spec.name)
        with context.progress.work("forgetting", 13 + len(embeddings), "tables") as advance:
            erased = []
            for table in _erase_what_was_made(context, made_of_it, documents):
                erased.append(table)
                advance()
            cached = _erase_files(context)
            for rows in known_by:
                erased.append(_erase(context, *rows))
                advance()
    report = ForgettingReport(
        source=source,
        documents=len(stored),
        tables=tuple(erased),
        cached_vectors=cached,
        adapters=adapters,
        seconds=watch.seconds,
    )
    write_report(context.home, "forgetting", report)
    return report


def _erase_what_was_made(
    context: StageContext, made_of_it: Sequence[_Rows], documents: Sequence[str]
) -> Iterator[ErasedTable]:
    """Erase the rows made of the documents, the questions about them and their part of the graph, table by table."""
    chunks = chunks_of(context.tables, documents)
    about = _questions_about(context, Releases(context.home.releases), frozenset(documents))
    for rows in (*made_of_it, (QUESTIONS, "question_id", about)):
        yield _erase(context, *rows)
    yield from _erase_from_graph(context, chunks)


def _erase_files(context: StageContext) -> int:
    """Write what search reads without the documents, remove profiles and leftovers; return the vectors removed."""
    releases = Releases(context.home.releases)
    for release in (releases.current(), releases.challenger()):
        if release is not None:
            publish_corpus(context.home, context.tables, release.embeddings_table)
    cached = trim_cache(context)
    for profile in profiles(context.home):
        remove(profile)
    for left in (context.home.unpacked, context.home.shards):  # texts that a killed run did not remove
        remove(left)
    return cached


def _stored(tables: Tables, folders: Folders, source: str) -> tuple[list[str], list[str]]:
    """Return the ids of the stored documents of a source, and the files that they came from.

    Raises:
        ForgettingError: The file is still there.
    """
    rows = tables.read(DOCUMENTS, ["document_id", "source", "path"]).to_pylist()
    stored = [row for row in rows if lies_in(row["source"], source_name(row["path"]), source)]
    # paths are as on the disk, where a name may have another form
    on_disk = {unicodedata.normalize(form, path) for path in possible_files(source) for form in ("NFC", "NFD")}
    paths = {row["path"] for row in stored} or on_disk
    here = {path for path in paths if folders.file(path).exists()}
    if here and (stored or {source_name(path) for path in here} & {source}):
        raise ForgettingError(
            f"{min(here)} is still in its source, as {folders.file(min(here))}; the next run would read it again. "
            f"Delete the file there, or what is to be forgotten in it, and run `xnai run`. Then forget {source}."
        )
    return [row["document_id"] for row in stored], sorted(paths - here)


def _embeddings(tables: Tables) -> list[TableSpec]:
    """Return all tables of vectors, also those that a killed run left and no release names."""
    names = [name for name in tables.names() if is_embeddings_table(name)]
    return [embeddings_spec(name, tables.open(name).schema.field("vector").type.list_size) for name in names]


def _erase(context: StageContext, spec: TableSpec, column: str, values: Sequence[str]) -> ErasedTable:
    tables = context.tables
    found = len(tables.read(spec, [spec.key], is_in(column, values))) if values else 0
    tables.delete(spec, column, values)
    versions = erase(tables, spec)
    left = len(tables.read(spec, [spec.key], is_in(column, values))) if values else 0
    return ErasedTable(spec.name, found, left, versions)


def _erase_from_graph(context: StageContext, chunks: frozenset[str]) -> Iterator[ErasedTable]:
    """Make the graph without the chunks; yield what was removed from each table that the mentions support."""
    tables = context.tables
    if tables.version(MENTIONS) is None:
        return
    found = {spec.name: resting_on(tables, spec, chunks) for spec in SUPPORTED}
    bring_graph(context)
    for spec in SUPPORTED:
        versions = erase(tables, spec)
        left = resting_on(tables, spec, chunks)
        yield ErasedTable(spec.name, found[spec.name] - left, left, versions)


def _questions_about(context: StageContext, releases: Releases, documents: frozenset[str]) -> list[str]:
    """Return the ids of the stored questions about the documents; remove them from the questions kept by releases."""
    for release in releases.all():
        kept = kept_questions(releases, release.release)
        if kept is not None:
            about_others = [question for question in kept if documents.isdisjoint(question.document_ids)]
            keep_questions(releases, release.release, about_others)
    asked = read_questions(context.tables)
    return [question.question_id for question in asked if not documents.isdisjoint(question.document_ids)]
