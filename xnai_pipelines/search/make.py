"""Chunks to vectors: each passage missing in the release's table is embedded, or taken from the cache."""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from xnai_pipelines.encoders.cache import VectorCache, passage_vectors, text_sha256
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.source import joined_name
from xnai_pipelines.encoders.spread import Spread
from xnai_pipelines.errors import EncoderChangedError
from xnai_pipelines.graph.record import read_graph_record
from xnai_pipelines.search.corpus import open_corpus, publish_corpus, withdraw_corpus
from xnai_pipelines.search.corpus_files import terms_of
from xnai_pipelines.search.table_rows import TableRows
from xnai_pipelines.search.vector_index import VectorIndex, maintain_vector_index
from xnai_pipelines.search.words import ANALYSER
from xnai_pipelines.state.artefacts import read_card
from xnai_pipelines.state.context import Advance, StageContext, stage, write_report
from xnai_pipelines.state.diff import Diff, diff_rows
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import EncoderOrigin, Release, Releases, embeddings_table_name, now
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, PASSAGE_COLUMNS, TableSpec, embeddings_spec
from xnai_pipelines.state.table_maintenance import join_files

CHUNKS_IN_COMMIT = 4_096
UNKNOWN_ORIGIN = EncoderOrigin()
COPIED = [name for name, _ in PASSAGE_COLUMNS]


@dataclass(frozen=True, slots=True)
class EmbeddingsReport:
    """What a run did: passages encoded, found in the cache, removed and unchanged; and the table's state now."""

    release: int
    table: str
    vector_space: str
    encoded: int
    from_cache: int
    removed: int
    unchanged: int
    truncated: int
    tokens: int
    vectors: int
    vector_index: VectorIndex | None
    seconds: float


def embed_chunks(
    context: StageContext,
    encoder: Encoder,
    *,
    exact_search_rows: int,
    new_release: bool,
    origin: EncoderOrigin = UNKNOWN_ORIGIN,
) -> EmbeddingsReport:
    """Bring the release's embeddings in line with the chunks; publish the release if it is new.

    Above `exact_search_rows` rows an approximate vector index is built and measured. `new_release` embeds everything
    with the given encoder, which is of this origin, into a new table, and moves the pointer when that is complete.

    Raises:
        EncoderChangedError: The current release has another vector space and no new release is requested.
    """
    releases = Releases(context.home.releases)
    with stage(context, "embeddings") as watch:
        current = None if new_release else releases.current()
        if current and current.vector_space != encoder.vector_space:
            raise EncoderChangedError(
                f"Release {current.release} was embedded by {current.encoder} ({current.variant}, vector space "
                f"{current.vector_space}); the settings XNAI_ENCODER and XNAI_VARIANT give vector space "
                f"{encoder.vector_space}. Set them back, or embed everything again with `xnai run --new-release`."
            )
        number = current.release if current else releases.next_number()
        name = current.embeddings_table if current else embeddings_table_name(number, encoder.vector_space)
        spec = embeddings_spec(name, encoder.dimension)
        forget_deleted(context, releases, spec)
        report = fill_index(context, encoder, number=number, spec=spec, exact_search_rows=exact_search_rows)
        watch.items = report.encoded + report.from_cache
        if current is None:
            releases.publish(unpublished_release(context, number, spec, encoder, origin=origin), "embedded")
    write_report(context.home, "embeddings", report)
    return report


def fill_index(
    context: StageContext, encoder: Encoder, number: int, spec: TableSpec, exact_search_rows: int
) -> EmbeddingsReport:
    """Bring a release's table and its search indexes in line with the chunks; the caller is the sole writer."""
    started = time.perf_counter()
    table = context.tables.ensure(spec)
    work = pending(context, spec)
    context.tables.delete(spec, "chunk_id", work.removed)
    with context.progress.work("embeddings", len(work.to_write), "chunks") as advance:
        counts = _embed(context, encoder, spec=spec, work=work, advance=advance)
    _complete_tokens(context, encoder)
    table.checkout_latest()
    rows = int(table.count_rows())
    if work.to_write or work.removed:
        join_files(context.tables, table)
    publish_corpus(context.home, context.tables, spec.name)
    record = Releases(context.home.releases).vector_index_path(number)
    return EmbeddingsReport(
        release=number,
        table=spec.name,
        vector_space=encoder.vector_space,
        encoded=counts["encoded"],
        from_cache=counts["from_cache"],
        removed=len(work.removed),
        unchanged=work.unchanged,
        truncated=counts["truncated"],
        tokens=counts["tokens"],
        vectors=rows,
        vector_index=maintain_vector_index(
            lambda: open_corpus(context.home, context.tables, spec.name),
            rows,
            exact_search_rows=exact_search_rows,
            record=record,
            encode_query=encoder.encode_query,
        ),
        seconds=time.perf_counter() - started,
    )


def forget_deleted(context: StageContext, releases: Releases, current: TableSpec) -> dict[str, int]:
    """Remove deleted documents from the tables of all releases but one, so that a rollback restores none.

    Return the number of documents removed by table.
    """
    stored = context.tables.ids(DOCUMENTS)
    removed = {}
    for release in releases.with_challenger():
        spec = embeddings_spec(release.embeddings_table, release.dimension)
        if spec.name != current.name:
            found = context.tables.ids(spec, "document_id")
            if found - stored:
                withdraw_corpus(context.home, spec.name)
            context.tables.delete(spec, "document_id", sorted(found - stored))
            removed[spec.name] = len(found - stored)
    return removed


def pending(context: StageContext, spec: TableSpec) -> Diff:
    """Return the chunks whose vectors or terms have to be made or removed, or are unchanged."""
    wanted = context.tables.read(CHUNKS, ["chunk_id", "revision"])
    wanted = wanted.append_column("analyser", pa.repeat(pa.scalar(ANALYSER, pa.int32()), len(wanted)))
    return diff_rows(wanted, context.tables.read(spec, wanted.column_names), "chunk_id")


def _embed(context: StageContext, encoder: Encoder, spec: TableSpec, work: Diff, advance: Advance) -> Counter[str]:
    """Stream the wanted chunks through the encoder into the table; only one commit's rows are in memory."""
    counts: Counter[str] = Counter()
    waiting: list[pa.RecordBatch] = []
    held = 0
    wanted, stored = frozenset(work.to_write), frozenset(work.changed)

    def write() -> Counter[str]:
        rows, done = _embedded(context, encoder, cache, pa.Table.from_batches(waiting), advance)
        if stored.isdisjoint(rows["chunk_id"].to_pylist()):
            context.tables.add(spec, rows)
        else:
            context.tables.merge(spec, rows)
        return done

    with VectorCache(context.home.vector_cache) as cache:
        for batch in context.tables.stream(CHUNKS, COPIED, among=wanted):
            waiting.append(batch)
            held += batch.num_rows
            if held >= CHUNKS_IN_COMMIT:
                counts += write()
                waiting, held = [], 0
        if held:
            counts += write()
    return counts


def _embedded(
    context: StageContext, encoder: Encoder, cache: VectorCache, chunks: pa.Table, advance: Advance
) -> tuple[pa.Table, Counter[str]]:
    """Return the chunks with vectors and terms, and what was done for that."""
    spread = Spread(context.engine, context.home.shards)
    passages = chunks["passage"].to_pylist()
    vectors, counts = passage_vectors(encoder, cache, passages, advance, keep_tokens=True, spread=spread)
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    spaces = pa.array([encoder.vector_space] * chunks.num_rows)
    rows = chunks.append_column("terms", terms_of(chunks))
    rows = rows.append_column("analyser", pa.array([ANALYSER] * len(chunks), pa.int32()))
    return rows.append_column("vector", column).append_column("vector_space", spaces), counts


def _complete_tokens(context: StageContext, encoder: Encoder) -> None:
    """Store the token codes that the cache lacks: one of an earlier version has none, nor has a deleted one.

    Answers and re-rankers would compute those of each passage that they look at, again for every question.
    """
    spread = Spread(context.engine, context.home.shards)

    def passages() -> Iterator[list[str]]:
        return (batch["passage"].to_pylist() for batch in context.tables.stream(CHUNKS, ["passage"]))

    with VectorCache(context.home.vector_cache) as cache:
        if cache.has_every_passage(encoder.vector_space):
            return
        missing = 0
        for some in passages():
            keys = {text_sha256(one) for one in some}
            missing += len(keys - cache.with_tokens(encoder.vector_space, keys))
        with context.progress.work("token codes", missing, "chunks") as advance:
            for some in passages() if missing else ():
                known = cache.with_tokens(encoder.vector_space, map(text_sha256, some))
                if without := [one for one in dict.fromkeys(some) if text_sha256(one) not in known]:
                    passage_vectors(encoder, cache, without, advance, keep_tokens=True, spread=spread)
        cache.note_every_passage(encoder.vector_space)


def unpublished_release(
    context: StageContext, number: int, spec: TableSpec, encoder: Encoder, *, origin: EncoderOrigin
) -> Release:
    """Return the manifest of a filled table as a release with this number; it ranks as the current one does."""
    tables = context.tables
    current = Releases(context.home.releases).current()
    return Release(
        release=number,
        created_at=now(),
        embeddings_table=spec.name,
        table_versions={s.name: tables.version(s) for s in (DOCUMENTS, CHUNKS, spec)},
        vector_space=encoder.vector_space,
        dimension=encoder.dimension,
        encoder=_name(context.home, encoder),
        variant=encoder.spec.variant,
        adapter=encoder.spec.adapter,
        questions=None,
        metrics={},
        ranking=_ranking(current, encoder.vector_space) if current else None,
        graph=read_graph_record(context.home).revision,
        source=origin.source,
        configured=origin.configured,
    )


def _ranking(current: Release, vector_space: str) -> dict[str, Any] | None:
    """Return the ranking of the next release: the current one's, without what its encoder knows if it has another."""
    if current.ranking is None or current.vector_space == vector_space:
        return current.ranking
    return {**current.ranking, "languages": {}}


def _name(home: Home, encoder: Encoder) -> str:
    """Return the name of the model from which the encoder was made, with that of its companion."""
    card, adapter = read_card(home.models / encoder.vector_space), encoder.spec.adapter
    # an adapted encoder was made from merged weights, which are named after the adapter
    base = card["base"] if adapter is None else read_card(home.adapters / adapter)["base"]
    name: str = base["name"]
    return joined_name(name, card["companion"]["base"]["name"]) if "companion" in card else name


def index_content(context: StageContext, release: Release) -> str:
    """Return a hash of what is searched: the rows of the release's table, their vector space, and the graph if any."""
    rows = TableRows.of(context.tables.open(release.embeddings_table))
    content = [release.vector_space, rows.hash()]
    if graph := read_graph_record(context.home).revision:
        content.append(graph)
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
