"""Forgetting a document: out of every kept table and its earlier versions, the questions and the vector cache."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from xnai_pipelines.adapters.make import adapters_trained_on
from xnai_pipelines.autonomy.drift.make import profiles
from xnai_pipelines.documents.identity import document_id
from xnai_pipelines.encoders.vectors import trim_cache
from xnai_pipelines.errors import ForgettingError
from xnai_pipelines.questions.make import read_questions
from xnai_pipelines.releases.rollback import keep_questions, kept_questions
from xnai_pipelines.search.keyword_index import remake_keyword_index
from xnai_pipelines.search.language import main_language
from xnai_pipelines.state.context import StageContext, report_path, stage
from xnai_pipelines.state.layout import write_json
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
from xnai_pipelines.state.tables import Tables, is_in


@dataclass(frozen=True, slots=True)
class ErasedTable:
    """What was removed from a table: rows, and how many of them are found now; the versions that it has now."""

    table: str
    rows_removed: int
    rows_found: int
    versions: int


@dataclass(frozen=True, slots=True)
class ForgettingReport:
    """The proof: each table with what was removed and what is found now.

    `cached_vectors` were removed from the cache: those of every passage that no chunk holds any more. `adapters` were
    trained on the document, and hold what they learned of it until they are trained again without it.
    """

    source: str
    documents: int
    tables: tuple[ErasedTable, ...]
    cached_vectors: int
    adapters: tuple[str, ...]
    seconds: float


def forget(context: StageContext, folder: Path, source: str) -> ForgettingReport:
    """Erase a document, or all records of a file, from everything that the home keeps.

    Nothing has to be stored of it any more: what earlier deletions left in the files of the tables is erased as well,
    so that a forgetting that was killed is completed by another. Drift profiles, which count the document's words and
    sum its vectors, are removed; the next evaluation takes that of the current release anew.

    Args:
        context: The home.
        folder: The folder of documents.
        source: The source of a document or record, or the path of a file of many records.

    Raises:
        ForgettingError: The file still lies in the folder: the next run would read it again.
    """
    path = source.partition("#")[0]
    if (folder / path).exists():
        raise ForgettingError(
            f"{path} still lies in {folder}, where the next run would read it again. Delete it there, or the record in "
            f"it and run `xnai run`; then forget {source}."
        )
    releases = Releases(context.home.releases)
    with stage(context, "forgetting") as watch:
        rows = context.tables.read(DOCUMENTS, ["document_id", "source", "path"]).to_pylist()
        stored = [row["document_id"] for row in rows if source in (row["source"], row["path"])]
        documents = sorted({document_id(source), *stored})
        embeddings = _embeddings(context.tables)
        watch.items = len(stored)
        with context.progress.work("forgetting", 6 + len(embeddings), "tables") as advance:
            erased = []
            for spec, column, values in (
                *((spec, "document_id", documents) for spec in (DOCUMENTS, CHUNKS, TRAINING_PAIRS, *embeddings)),
                (FILES, "path", [path]),
                (QUARANTINE, "path", [path]),
                (QUESTIONS, "question_id", _questions_about(context, releases, frozenset(documents))),
            ):
                erased.append(_erase(context, spec, column, values))
                advance()
        cached = trim_cache(context)
        for profile in profiles(context.home):
            profile.unlink()
    report = ForgettingReport(
        source=source,
        documents=len(stored),
        tables=tuple(erased),
        cached_vectors=cached,
        adapters=adapters_trained_on(context.home, frozenset(documents)),
        seconds=watch.seconds,
    )
    write_json(report_path(context.home, "forgetting"), asdict(report))
    return report


def _embeddings(tables: Tables) -> list[TableSpec]:
    """Return all tables of vectors, those too that a killed run began and that no release names."""
    names = [name for name in tables.names() if is_embeddings_table(name)]
    return [embeddings_spec(name, tables.open(name).schema.field("vector").type.list_size) for name in names]


def _erase(context: StageContext, spec: TableSpec, column: str, values: Sequence[str]) -> ErasedTable:
    tables = context.tables
    found = len(tables.read(spec, [spec.key], is_in(column, values))) if values else 0
    tables.delete(spec, column, values)
    language = main_language(context)
    searched = is_embeddings_table(spec.name)
    versions = tables.erase(spec, lambda table: remake_keyword_index(table, language) if searched else ())
    left = len(tables.read(spec, [spec.key], is_in(column, values))) if values else 0
    return ErasedTable(spec.name, found, left, versions)


def _questions_about(context: StageContext, releases: Releases, documents: frozenset[str]) -> list[str]:
    """Return the ids of the stored questions about the documents; those that releases keep are removed at once."""
    for release in releases.all():
        kept = kept_questions(releases, release.release)
        if kept is not None:
            about_others = [question for question in kept if documents.isdisjoint(question.document_ids)]
            keep_questions(releases, release.release, about_others)
    asked = read_questions(context.tables)
    return [question.question_id for question in asked if not documents.isdisjoint(question.document_ids)]
