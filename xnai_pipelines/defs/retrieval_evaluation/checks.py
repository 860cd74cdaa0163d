"""The check on accuracy."""

import dagster as dg

from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.evaluation.report import EvaluationReport
from xnai_pipelines.questions.question import Origin
from xnai_pipelines.search.query import Mode
from xnai_pipelines.settings import settings


@dg.asset_check(asset="retrieval_evaluation")
def accuracy_floor(stores: StoresResource) -> dg.AssetCheckResult:
    """The share of labelled test questions with a right document in the hybrid top 10 reaches XNAI_ACCURACY_FLOOR."""
    path = stores.layout.reports / "evaluation" / "report.json"
    report = EvaluationReport.from_json(path.read_text(encoding="utf-8"))
    sections = [
        section
        for headline in report.headlines
        for section in report.sections_of(headline)
        if section.origin is Origin.LABELLED and section.mode == Mode.HYBRID
    ]
    floor = settings().accuracy_floor
    if not sections:
        return dg.AssetCheckResult(passed=True, description="There are no labelled questions to judge by.")
    share = sections[0].metrics["success_at_10"].mean
    return dg.AssetCheckResult(
        passed=share >= floor,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"share": share, "floor": floor, "questions": sections[0].questions},
    )
