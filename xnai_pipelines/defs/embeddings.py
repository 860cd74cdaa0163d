"""Embeddings: the table that search reads."""

import dagster as dg
import numpy as np
from pydantic import Field

from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.metadata import column_lineage, rate, result, rows_revision, table_facts, workers_table
from xnai_pipelines.defs.resources import EncoderResource, StoresResource
from xnai_pipelines.errors import EncoderUnavailableError, UnsupportedEncoderError
from xnai_pipelines.models.make import asked_vector_space
from xnai_pipelines.search.make import embed_chunks
from xnai_pipelines.state.diff import not_in
from xnai_pipelines.state.manifest import Release, Releases, read_candidate
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, PASSAGE_COLUMNS, embeddings_spec
from xnai_pipelines.state.table_reading import vectors_of
from xnai_pipelines.state.tables import Tables

LENGTH_TOLERANCE = 1e-3
NAMED = 20
ORIGINS = {**{name: [name] for name, _ in PASSAGE_COLUMNS}, "vector": ["passage"]}


class EmbeddingsConfig(dg.Config):
    """Options of this run."""

    new_release: bool = Field(
        default=False,
        description="Embed everything with the configured encoder into a new table, and release it.",
    )


def embeddings(
    context: dg.AssetExecutionContext,
    config: EmbeddingsConfig,
    base: Base,
    stores: StoresResource,
    encoder: EncoderResource,
) -> dg.MaterializeResult[None]:
    """The search index of the current release: a unit vector and the searched text per chunk.

    Only passages that have no vector in this vector space are encoded. The first run makes release 1.
    """
    model = encoder.choice.load(new_release=config.new_release)
    stage = stores.stage_context(context)
    report = embed_chunks(
        stage,
        model,
        exact_search_rows=stores.exact_search_rows,
        new_release=config.new_release,
        origin=encoder.choice.origin(),
    )
    spec = embeddings_spec(report.table, model.dimension)
    index = report.vector_index
    return result(
        report,
        rows_revision(stores.tables, spec, ["chunk_id", "revision"], report.vector_space),
        {"truncated": "truncated_passages"},
        **table_facts(stores.tables, spec, ["source", "start", "end", "heading_path", "text"]),
        **{"dagster/column_lineage": column_lineage(base.key("chunks"), ORIGINS)},
        dimension=model.dimension,
        chunks_per_second=rate(report.encoded, report.seconds),
        workers=workers_table(stage.engine),
        vector_search=f"approximate, recall@10 {index.recall_at_10:.3f}, {index.candidates:,} passages compared"
        if index and index.candidates
        else "exact",
    )


def vectors_are_sound(stores: StoresResource) -> dg.AssetCheckResult:
    """Every vector is finite, of unit length, and of the release's vector space."""
    return soundness(stores.tables, Releases(stores.layout.releases).require())


def soundness(tables: Tables, release: Release) -> dg.AssetCheckResult:
    """Return whether the vectors of a release's table are finite, of unit length and of its vector space."""
    spec = embeddings_spec(release.embeddings_table, release.dimension)
    vectors, unsound, furthest, spaces = 0, 0, 0.0, set()
    for batch in tables.stream(spec, ["vector", "vector_space"], rows=4_096):
        block = vectors_of(batch)
        away = np.abs(np.linalg.norm(block, axis=1) - 1.0)
        vectors += batch.num_rows
        unsound += batch.num_rows - int(np.sum(away <= LENGTH_TOLERANCE))  # also none, and what is not a number
        furthest = max(furthest, float(np.nanmax(away, initial=0.0)))
        spaces |= set(batch["vector_space"].to_pylist())
    return dg.AssetCheckResult(
        passed=not unsound and spaces <= {release.vector_space},
        metadata={
            "vectors": vectors,
            "unsound": unsound,
            "furthest_from_unit_length": furthest,
            "vector_spaces": sorted(spaces),
            "release": release.release,
        },
    )


def no_orphan_embeddings(stores: StoresResource) -> dg.AssetCheckResult:
    """The table of the release holds exactly the chunks. No table of a kept release holds a deleted document."""
    releases = Releases(stores.layout.releases)
    release = releases.require()
    spec = embeddings_spec(release.embeddings_table, release.dimension)
    tables = stores.tables
    chunks, embedded = (tables.read(one, ["chunk_id"])["chunk_id"] for one in (CHUNKS, spec))
    orphans, missing = (sorted(not_in(*each).to_pylist()) for each in ((embedded, chunks), (chunks, embedded)))
    documents = tables.read(DOCUMENTS, ["document_id"])["document_id"]
    for kept in releases.with_challenger():
        of_kept = embeddings_spec(kept.embeddings_table, kept.dimension)
        found = not_in(tables.read(of_kept, ["document_id"])["document_id"], documents).unique()
        orphans += [f"release {kept.release}: {identity}" for identity in sorted(found.to_pylist())]
    return dg.AssetCheckResult(
        passed=not orphans and not missing,
        metadata={"chunks": len(chunks), "orphans": orphans[:NAMED], "missing": missing[:NAMED]},
    )


def release_follows_settings(stores: StoresResource, encoder: EncoderResource) -> dg.AssetCheckResult:
    """The current release was embedded by the configured encoder and variant."""
    release = Releases(stores.layout.releases).require()
    try:
        asked = asked_vector_space(stores.layout, encoder.choice.base(), encoder.variant, release)
    except (UnsupportedEncoderError, EncoderUnavailableError) as error:  # the release is searched without it
        return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN, description=str(error))
    candidate = read_candidate(stores.layout.releases)
    return dg.AssetCheckResult(
        passed=asked == release.vector_space,
        severity=dg.AssetCheckSeverity.WARN,
        description=None
        if asked == release.vector_space
        else f"The settings name vector space {asked}, and release {release.release} holds {release.vector_space}. "
        "Embed everything with the encoder of the settings: `xnai run --new-release`.",
        metadata={
            "release": release.release,
            "release_encoder": f"{release.encoder}, {release.variant}",
            "vector_space": release.vector_space,
            "vector_space_of_settings": asked,
            "candidate": f"{candidate.variant}, vector space {candidate.vector_space}" if candidate else "none",
            "to_change": "xnai run --new-release embeds everything with the encoder of the settings",
        },
    )


def definitions(base: Base) -> dg.Definitions:
    """Return the asset `embeddings` and its checks."""
    return dg.Definitions(
        assets=[
            base.asset(
                embeddings,
                # the encoder is no setting of it: until a new release is asked for, that of the release is kept
                version=(1,),
                deps=["chunks"],
                group="ingest",
                kinds={"python", "lancedb", "onnx", "table"},
                pool=base.pool,
                metadata={"dagster/column_lineage": column_lineage(base.key("chunks"), ORIGINS)},
            )
        ],
        asset_checks=[
            base.check(vectors_are_sound, "embeddings", blocking=True),
            base.check(no_orphan_embeddings, "embeddings", blocking=True),
            base.check(release_follows_settings, "embeddings"),
        ],
    )
