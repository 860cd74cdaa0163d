"""The asset `training_pairs`."""

import dagster as dg
from pydantic import Field

from xnai_pipelines.adapters.training_pairs import make_training_pairs, read_training_pairs
from xnai_pipelines.defs.metadata import column_schema, counts_table, markdown_table, table_facts
from xnai_pipelines.defs.resources.encoder import EncoderResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.questions.question import Split
from xnai_pipelines.settings import settings
from xnai_pipelines.state.schemas import TRAINING_PAIRS
from xnai_pipelines.state.tables import Tables

EXAMPLES = 5


class TrainingPairsConfig(dg.Config):
    """How pairs are mined."""

    negatives: int = Field(default=1, ge=0, le=16, description="Hard negatives for each question, at most.")


@dg.asset(
    deps=["chunks", "questions"],
    group_name="adaptation",
    kinds={"python", "lancedb", "table"},
    owners=["team:platform"],
    pool="lancedb",
    metadata={"dagster/column_schema": column_schema(TRAINING_PAIRS)},
)
def training_pairs(
    context: dg.AssetExecutionContext, config: TrainingPairsConfig, stores: StoresResource, encoder: EncoderResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Questions of the training split with the passages that answer them, and hard negatives from the current index.

    No document of an evaluation question is among them, neither as an answer nor as a hard negative.
    """
    report = make_training_pairs(
        stores.stage_context(context),
        threads=encoder.threads,
        negatives=config.negatives,
        least_pairs=settings().least_pairs,
    )
    return dg.MaterializeResult(
        metadata={
            **table_facts(stores.tables, TRAINING_PAIRS, ["question", "origin", "split", "language", "chunk_id"]),
            "examples": dg.MetadataValue.md(
                markdown_table(_examples(stores.tables), ["question", "answer", "not the answer"])
            ),
            "pairs": report.pairs,
            "validation_pairs": report.validation_pairs,
            "documents": report.documents,
            "hard_negatives": report.negatives,
            "origin": counts_table(report.by_origin, "origin"),
            "language": counts_table(report.by_language, "language"),
            "questions_dropped_for_evaluation": report.dropped,
            "questions_without_passage": report.without_answer,
            "sha256": report.sha256,
            "mined_from_release": report.release,
            "mined_in_this_run": report.changed,
            "seconds": round(report.seconds, 2),
        }
    )


def _examples(tables: Tables) -> list[dict[str, str]]:
    """Return the first pairs with their texts."""
    return [
        {
            "question": pair.question,
            "answer": pair.positive,
            "not the answer": pair.negatives[0] if pair.negatives else "",
        }
        for pair in read_training_pairs(tables, Split.TRAIN)[:EXAMPLES]
    ]
