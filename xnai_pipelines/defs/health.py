"""Health: what is wrong with the documents themselves, and which pages to fix first."""

from datetime import UTC, datetime

import dagster as dg

from xnai_pipelines.autonomy.alerts.alert import Alert, AlertSeverity
from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.metadata import counts_table, image, result, revision_of, table
from xnai_pipelines.defs.resources import AlertsResource, SourceResource, StoresResource
from xnai_pipelines.documents.health.demand import Demand
from xnai_pipelines.documents.health.examine import point_of
from xnai_pipelines.documents.health.make import health_history, inspect_documents, last_health
from xnai_pipelines.documents.health.plots import health_plot
from xnai_pipelines.documents.health.report import FIRST, HealthReport, objections, worsened
from xnai_pipelines.errors import InputsError
from xnai_pipelines.extras import missing
from xnai_pipelines.questions.feedback import read_feedback
from xnai_pipelines.search.demand import measure_demand
from xnai_pipelines.search.function_words import FUNCTION_WORDS, function_words
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import QUESTIONS

SHOWN = 50


def document_health(
    context: dg.AssetExecutionContext,
    base: Base,
    stores: StoresResource,
    source: SourceResource,
    alerts: AlertsResource,
) -> dg.MaterializeResult[None]:
    """Faults in the documents themselves: stale, broken, unfinished, repeated; and what to fix first.

    Documents are ranked by how often questions land on them, times (1 - score).
    """
    rules = base.settings.health
    try:
        folder = source.intake().inputs().documents
    except InputsError as error:
        context.log.warning("Commits are unknown. %s", error)
        folder = None
    stage = stores.stage_context(context)
    report = inspect_documents(
        stage,
        folder if folder and folder.is_dir() else None,
        rules,
        _demand(base, stores),
        function_words(FUNCTION_WORDS),
    )
    history = health_history(stores.layout)
    reasons = worsened(history, rules)
    if reasons:
        alerts.tell(_alert(report, reasons, alerts.run_page(context.run.run_id)), base.settings.webhook)
    topics = [{"topic": t.name, "questions": t.questions, "such as": "; ".join(t.examples)} for t in report.topics]
    return result(
        report,
        revision_of([(page.source, page.score, page.priority) for page in report.pages]),
        {"seconds": "inspection_seconds"},
        inspected_at=report.inspected_at.isoformat(timespec="seconds"),
        first=_pages_table(report, FIRST),
        worst=_pages_table(report, SHOWN),
        findings=counts_table(report.findings, "finding"),
        aspects=dg.MetadataValue.json(dict(report.aspects)),
        topics_without_a_document=table(topics, ["topic", "questions", "such as"]),
        figures=dg.MetadataValue.json(report.figures()),
        over_time=image("score and freshness over time", None if missing("plots") else health_plot(history, rules)),
    )


def documents_are_healthy(base: Base, stores: StoresResource) -> dg.AssetCheckResult:
    """Mean score and freshness reach their thresholds, and no finding is an error."""
    report = last_health(stores.layout)
    if report is None:
        return dg.AssetCheckResult(passed=True, description="Not inspected yet. Run `xnai health`.")
    reasons = objections(point_of(report), base.settings.health)
    first = f" Fix first: {', '.join(report.first)}." if report.first else ""
    return dg.AssetCheckResult(
        passed=not reasons,
        severity=dg.AssetCheckSeverity.WARN,
        description=" ".join(reasons) + first if reasons else None,
        metadata={
            "score": report.score,
            "freshness": report.freshness,
            "unhealthy": report.unhealthy,
            "first": _pages_table(report, FIRST),
        },
    )


def _demand(base: Base, stores: StoresResource) -> Demand | None:
    """Return where the stored questions land in the current release, None if there is none."""
    if Releases(stores.layout.releases).current() is None:
        return None
    index = SearchIndex.open(stores.layout.root, threads=base.settings.threads)
    asked = stores.tables.read(QUESTIONS, ["question"])["question"].to_pylist()
    return measure_demand(index, asked, read_feedback(stores.layout.feedback))


def _alert(report: HealthReport, reasons: tuple[str, ...], link: str) -> Alert:
    first = f" Fix first: {', '.join(report.first)}." if report.first else ""
    return Alert(
        kind="document_health",
        title="The documents became unhealthy",
        text=" ".join(reasons) + first,
        severity=AlertSeverity.WARNING,
        at=datetime.now(UTC),
        tags={"cause": "document_health"},
        link=link,
    )


def _pages_table(report: HealthReport, number: int) -> dg.MarkdownMetadataValue:
    rows = [
        {
            "document": page.source,
            "score": f"{page.score:.2f}",
            "questions": "" if page.landings is None else f"{page.landings:.1f}",
            "findings": sum(page.counts.values()),
            "worst": page.findings[0].message if page.findings else "",
            "what to do": page.findings[0].action if page.findings else "",
        }
        for page in [page for page in report.pages if page.counts][:number]
    ]
    return table(rows, ["document", "score", "questions", "findings", "worst", "what to do"])


def definitions(base: Base) -> dg.Definitions:
    """Return the asset `document_health` and its check."""
    return dg.Definitions(
        assets=[
            base.asset(
                document_health,
                version=(1, base.settings.health),
                deps=["documents", "embeddings", "questions"],
                group="documents",
                kinds={"python"},
            )
        ],
        asset_checks=[base.check(documents_are_healthy, "document_health")],
    )
