"""The check on accuracy."""

import dagster as dg
import pyarrow.parquet as pq

from xnai_pipelines.resources import StoresResource
from xnai_pipelines.settings import settings


@dg.asset_check(asset="retrieval_evaluation")
def accuracy_floor(stores: StoresResource) -> dg.AssetCheckResult:
    """The share of labelled questions with a right document in the hybrid top 10 reaches XNAI_ACCURACY_FLOOR."""
    rows = pq.read_table(
        stores.layout.reports / "evaluation" / "per_question.parquet",
        columns=["success_at_10"],
        filters=[("origin", "=", "labelled"), ("mode", "=", "hybrid"), ("level", "=", "document")],
    )
    found = rows["success_at_10"].to_pylist()
    floor = settings().accuracy_floor
    if not found:
        return dg.AssetCheckResult(passed=True, description="There are no labelled questions to judge by.")
    share = sum(found) / len(found)
    return dg.AssetCheckResult(
        passed=share >= floor,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"share": share, "floor": floor, "questions": len(found)},
    )
