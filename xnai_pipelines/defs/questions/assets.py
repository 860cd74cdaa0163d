"""The asset `questions`."""

import dagster as dg

from xnai_pipelines.defs.metadata import column_schema, counts_table, table_facts
from xnai_pipelines.defs.resources.source import SourceResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.questions.make import make_questions
from xnai_pipelines.state.schemas import QUESTIONS


@dg.asset(
    deps=["chunks"],
    group_name="evaluation",
    kinds={"python", "lancedb", "table"},
    owners=["team:platform"],
    pool="lancedb",
    metadata={"dagster/column_schema": column_schema(QUESTIONS)},
)
def questions(
    context: dg.AssetExecutionContext, stores: StoresResource, source: SourceResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Questions with the documents that answer them, split by document.

    The labelled ones that XNAI_QUESTIONS names; without labels, known-item questions generated from the documents.
    """
    labelled = source.inputs().questions
    report = make_questions(stores.stage_context(context), labelled)
    return dg.MaterializeResult(
        metadata={
            **table_facts(stores.tables, QUESTIONS, ["question", "origin", "split"]),
            "labels": str(labelled) if labelled else "none; generated from the documents",
            "origin": counts_table(report.by_origin, "origin"),
            "split": counts_table(report.by_split, "split"),
            "splits": "as given" if report.splits_given else "by document",
            "unresolved_labels": report.unresolved_rows,
            "unresolved_examples": list(report.unresolved_examples),
            "without_known_answer": report.without_answer,
            "questions_in_two_splits": report.overlapping_questions,
            "documents_in_two_splits": report.overlapping_documents,
            "overlap_examples": list(report.overlap_examples),
            "seconds": round(report.seconds, 2),
        }
    )
