"""A home and a folder of documents for tests, and the ingest stages run on them as the assets run them."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from xnai_pipelines.chunks.make import ChunksReport, make_chunks
from xnai_pipelines.chunks.spec import ChunkingSpec, Strategy
from xnai_pipelines.chunks.tokens import TokenCounter
from xnai_pipelines.documents.changes import VanishGuard
from xnai_pipelines.documents.make import DocumentsReport, ingest_documents
from xnai_pipelines.documents.parsers.parsed import ParseLimits
from xnai_pipelines.documents.plan import DocumentsRequest, FolderRules, Plan, plan
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.make import EmbeddingsReport, embed_chunks
from xnai_pipelines.state.claim import Inputs
from xnai_pipelines.state.context import Progress, StageContext
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, FILES, QUARANTINE, TableSpec, embeddings_spec
from xnai_pipelines.state.tables import Tables

RULES = FolderRules((), ParseLimits(), VanishGuard(share=0.3, count=20))
CHUNKING = ChunkingSpec(Strategy.STRUCTURE, 64)
GUIDE = "# Guide\n\n## Install\n\nRun the installer and restart the machine.\n\n## Remove\n\nDelete the folder.\n"
LONG_AGO_NS = 1_700_000_000 * 10**9

# What differs between two runs that did the same: when, by which run, at which attempt.
CIRCUMSTANCES = {"read_ns", "ingested_at", "run_id", "attempts", "first_seen_at", "last_seen_at", "vector"}

_tokens = lru_cache(maxsize=4)(TokenCounter)  # hundreds of workplaces read the same file

Stored: TypeAlias = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Reports:
    """What the three stages of one ingest say they did."""

    documents: DocumentsReport
    chunks: ChunksReport
    embeddings: EmbeddingsReport


def link_models(models: Path, *encoders: Encoder) -> None:
    """Fill a home's folder of models with links to those built before; what is built next is the home's own."""
    models.mkdir(parents=True, exist_ok=True)
    for encoder in encoders:
        (models / encoder.spec.source.name).symlink_to(encoder.spec.source)


class Workplace:
    """A folder of documents and the home that belongs to it, in a folder of the test's own."""

    def __init__(self, root: Path, encoder: Encoder, documents: Path | None = None) -> None:
        self.documents = documents or root / "documents"
        self.documents.mkdir(parents=True, exist_ok=True)
        self.home = Home(root / "home")
        self.home.root.mkdir(parents=True, exist_ok=True)
        if not self.home.models.exists():
            link_models(self.home.models, encoder)
        self.encoder = encoder
        self.said: list[str] = []
        self._ticks = 60 * 10**9 * sum(1 for _ in self.documents.rglob("*"))  # later than all that lies there

    @property
    def tables(self) -> Tables:
        return Tables.of(self.home)

    @cached_property
    def tokens(self) -> TokenCounter:
        return _tokens(self.encoder.spec.source / "tokenizer.json")

    @property
    def inputs(self) -> Inputs:
        return Inputs(self.documents, None)

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file as it would have been written some minutes after the one before, years ago."""
        path = self.documents / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        self._ticks += 60 * 10**9
        os.utime(path, ns=(LONG_AGO_NS + self._ticks, LONG_AGO_NS + self._ticks))
        return path

    def context(self, committed: Callable[[], None] = lambda: None) -> StageContext:
        tables = Tables.of(self.home, committed)
        return StageContext(self.home, tables, "run", Progress(self.said.append, bar=False))

    def plan(self, rules: FolderRules = RULES, **request: bool) -> Plan:
        return plan(self.tables, self.documents, rules, DocumentsRequest(**request))

    def ingest_documents(self, rules: FolderRules = RULES, **request: bool) -> DocumentsReport:
        return ingest_documents(self.context(), self.inputs, rules, DocumentsRequest(**request))

    def ingest(
        self,
        rules: FolderRules = RULES,
        chunking: ChunkingSpec = CHUNKING,
        committed: Callable[[], None] = lambda: None,
        *,
        exact_search_rows: int = 20_000,
        new_release: bool = False,
        **request: bool,
    ) -> Reports:
        """Run the stages documents, chunks and embeddings."""
        context = self.context(committed)
        return Reports(
            ingest_documents(context, self.inputs, rules, DocumentsRequest(**request)),
            make_chunks(context, chunking, self.tokens),
            embed_chunks(context, self.encoder, exact_search_rows=exact_search_rows, new_release=new_release),
        )

    def search(self) -> SearchIndex:
        return SearchIndex.open(self.home.root)

    @property
    def embeddings(self) -> TableSpec:
        release = Releases(self.home.releases).require()
        return embeddings_spec(release.embeddings_table, release.dimension)

    def specs(self) -> Iterator[TableSpec]:
        yield from (FILES, DOCUMENTS, QUARANTINE, CHUNKS, self.embeddings)

    def versions(self) -> dict[str, int | None]:
        return {spec.name: self.tables.version(spec) for spec in self.specs()}

    def rows(self, spec: TableSpec) -> dict[str, dict[str, Any]]:
        """Return a table's rows by key; a key that stands twice is an error."""
        rows = self.tables.read(spec, spec.schema.names).to_pylist()
        by_key = {row[spec.key]: row for row in rows}
        assert len(by_key) == len(rows), f"{spec.name} holds a key twice"
        return by_key

    def rows_of_texts(self, passages: list[str]) -> list[dict[str, Any]]:
        """Return the chunks of which these are the passages."""
        return [row for row in self.rows(CHUNKS).values() if row["passage"] in set(passages)]

    def sources(self) -> set[str]:
        return {row["source"] for row in self.rows(DOCUMENTS).values()}

    def stored(self) -> Stored:
        """Return all tables by name and key."""
        return {spec.name: self.rows(spec) for spec in self.specs()}

    def content(self, stored: Stored | None = None) -> Stored:
        """Return all tables by key, without the circumstances of the runs that wrote them and without vectors."""
        return {
            table: {
                key: {name: value for name, value in row.items() if name not in CIRCUMSTANCES}
                for key, row in rows.items()
            }
            for table, rows in (stored or self.stored()).items()
        }

    def vectors(self) -> dict[str, list[float]]:
        return {key: row["vector"] for key, row in self.rows(self.embeddings).items()}

    def check_whole(self) -> Stored:
        """Assert what holds after every run: all files accounted for, no orphan, texts where their offsets say.

        Return all tables.
        """
        stored = self.stored()
        files, documents, quarantine, chunks, embedded = (stored[spec.name] for spec in self.specs())
        listing = self.plan().listing
        assert files.keys() == {*listing.files, *listing.skipped, *listing.unlisted}
        assert sum(row["documents"] for row in files.values()) == len(documents)
        assert sum(row["bad_records"] for row in files.values()) == len(quarantine)
        assert chunks.keys() == embedded.keys()
        assert {row["document_id"] for row in chunks.values()} == documents.keys()
        for key, chunk in chunks.items():
            text = documents[chunk["document_id"]]["text"]
            assert chunk["text"] == text[chunk["start"] : chunk["end"]] == embedded[key]["text"]
            assert embedded[key]["revision"] == chunk["revision"]
        return stored


def five_files(work: Workplace) -> Workplace:
    """Write a folder of five small files, one of them broken, that two questions can be generated from."""
    work.write("guide.md", GUIDE)
    work.write("notes/rain.txt", "Rain fell on the hills for three days, and the river rose.\n")
    work.write("notes/sun.txt", "The sun dried the meadows in an afternoon.\n")
    work.write("corpus.jsonl", '{"_id": "1", "title": "Whales", "text": "Whales breathe air."}\n')
    work.write("broken.pdf", b"%PDF-1.7\n" + b"\x00\x01garbage" * 20)
    return work


def fill(work: Workplace) -> Workplace:
    """Write Markdown, text, JSON Lines, CSV, a broken notebook and files that are not read."""
    work.write("guide.md", "# Guide\n\n## Install\n\nRun the installer.\n\n## Remove\n\nDelete the folder.\n")
    work.write("notes/rain.txt", "Rain fell on the hills for three days, and the river rose.\n")
    work.write("notes/sun.txt", "The sun dried the meadows in an afternoon.\n")
    work.write(
        "corpus.jsonl",
        '{"_id": "1", "title": "Whales", "text": "Whales breathe air."}\n'
        '{"_id": "2", "title": "Sharks", "text": "Sharks breathe water."}\n'
        "not json\n",
    )
    work.write("table.csv", "id,text\na,Copper conducts electricity.\nb,Rubber does not.\n")
    work.write("broken.ipynb", '{"cells": [')
    work.write(".hidden.md", "# Secret\n")
    work.write("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(64))
    return work


def write_library(work: Workplace, parts: int = 120) -> None:
    """Write short documents, enough to calibrate with, of several lengths and folders."""
    for number in range(parts):
        words = " ".join(f"word{number}x{n} of the {n}th kind" for n in range(4 + number % 20))
        work.write(f"{number % 4}/{number}.md", f"# Part number {number}\n\nThis part says {words}.\n")
