"""The asset `embeddings`."""

import dagster as dg
from pydantic import Field

from xnai_pipelines.defs.metadata import table_facts
from xnai_pipelines.defs.resources.encoder import EncoderResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.search.make import embed_chunks
from xnai_pipelines.state.schemas import PASSAGE_COLUMNS, embeddings_spec

LINEAGE = dg.TableColumnLineage(
    {
        **{name: [dg.TableColumnDep(dg.AssetKey("chunks"), name)] for name, _ in PASSAGE_COLUMNS},
        "vector": [dg.TableColumnDep(dg.AssetKey("chunks"), "passage")],
    }
)


class EmbeddingsConfig(dg.Config):
    """What this run does beyond the usual."""

    new_release: bool = Field(
        default=False,
        description="Embed everything with the encoder of the settings into a table of its own, and release it.",
    )


@dg.asset(
    deps=["chunks"],
    group_name="ingest",
    kinds={"python", "lancedb", "onnx", "table"},
    owners=["team:platform"],
    pool="lancedb",
    metadata={"dagster/column_lineage": LINEAGE},
)
def embeddings(
    context: dg.AssetExecutionContext,
    config: EmbeddingsConfig,
    stores: StoresResource,
    encoder: EncoderResource,
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """The search index of the current release: a unit vector and the searched text for each chunk.

    Only passages that have no vector in this vector space are encoded. The first run makes release 1.
    """
    model = encoder.load(new_release=config.new_release)
    report = embed_chunks(
        stores.stage_context(context), model, threshold=stores.exact_search_rows, new_release=config.new_release
    )
    spec = embeddings_spec(report.table, model.dimension)
    index = report.vector_index
    return dg.MaterializeResult(
        metadata={
            **table_facts(stores.tables, spec, ["source", "start", "end", "heading_path", "text"]),
            "dagster/column_lineage": LINEAGE,
            "release": report.release,
            "vector_space": report.vector_space,
            "dimension": model.dimension,
            "encoded": report.encoded,
            "from_cache": report.from_cache,
            "removed": report.removed,
            "unchanged": report.unchanged,
            "tokens": report.tokens,
            "truncated_passages": report.truncated,
            "chunks_per_second": round(report.encoded / report.seconds, 1) if report.seconds else 0.0,
            "vector_search": f"approximate, recall@10 {index.recall_at_10:.3f}, {index.nprobes} lists probed"
            if index and index.nprobes
            else "exact",
            "seconds": round(report.seconds, 2),
        }
    )
