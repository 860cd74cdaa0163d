"""Sources beside the documents folder, mirrored into the home before the documents are read.

Assets of their own, so that a source in trouble shows as such, and `documents` never waits for a network. Pages have
theirs because a crawl takes minutes where a listing takes seconds.
"""

from collections.abc import Collection

import dagster as dg
from pydantic import Field

from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.metadata import result, revision_of, table
from xnai_pipelines.defs.resources import SourceResource, StoresResource
from xnai_pipelines.documents.sources.make import (
    SourceAccess,
    standing_sources,
    sync_sources,
)
from xnai_pipelines.environment import source_secret
from xnai_pipelines.state.context import write_report

FAILURES_SHOWN = 50
LISTED, CRAWLED = ("git", "s3"), ("crawl",)


class CrawlConfig(dg.Config):
    """Options of this run."""

    now: bool = Field(default=False, description="Crawl again even if the pages are still fresh.")


def mirrored_sources(
    context: dg.AssetExecutionContext, base: Base, stores: StoresResource, source: SourceResource
) -> dg.MaterializeResult[None]:
    """Files of Git repositories and object stores, mirrored into the home.

    Fetches only what changed. A source that cannot be listed keeps its files; the problem is reported, and the
    run continues.
    """
    return _synced(context, base, stores, source, kinds=LISTED, now=False)


def crawled_pages(
    context: dg.AssetExecutionContext, config: CrawlConfig, base: Base, stores: StoresResource, source: SourceResource
) -> dg.MaterializeResult[None]:
    """Pages of web sites, mirrored into the home.

    Requests a page again after its site's `refresh_hours`, and downloads it only if it changed. Follows robots.txt.
    """
    return _synced(context, base, stores, source, kinds=CRAWLED, now=config.now)


def _synced(
    context: dg.AssetExecutionContext,
    base: Base,
    stores: StoresResource,
    source: SourceResource,
    *,
    kinds: Collection[str],
    now: bool,
) -> dg.MaterializeResult[None]:
    stage = stores.stage_context(context)
    access = SourceAccess(source_secret, base.settings.private_hosts)
    report = sync_sources(stage.home, source.intake().specs(), kinds, access, stage.progress.say, now=now)
    write_report(stage.home, context.asset_key.path[-1], report)
    columns = ["name", "kind", "prefix", "files", "fetched", "removed", "revision", "trouble"]
    rows = [{column: getattr(one, column) for column in columns} for one in report.sources]
    failures = [
        {"source": one.name, "entry": path, "reason": reason}
        for one in report.sources
        for path, reason in one.failed.items()
    ]
    for row in rows:
        if row["trouble"]:
            context.log.warning("%s: %s", row["name"], row["trouble"])
    return result(
        report,
        revision_of(*((one.name, one.prefix, one.content) for one in report.sources)),
        sources=table(rows, columns),
        not_read=table(failures[:FAILURES_SHOWN], ["source", "entry", "reason"]),
    )


def every_source_listed(stores: StoresResource, source: SourceResource, kinds: Collection[str]) -> dg.AssetCheckResult:
    """The last synchronisation listed every source, and read every entry."""
    named = [spec for spec in source.intake().specs() if spec.kind in kinds]
    sources = standing_sources(stores.layout, named)
    trouble = [f"{one.name}: {one.trouble}" for one in sources if one.trouble]
    failed = sum(len(one.failed) for one in sources)
    if failed:
        trouble.append(f"{failed} entries were not read; `xnai sources NAME` lists them with the reasons.")
    return dg.AssetCheckResult(
        passed=not trouble,
        severity=dg.AssetCheckSeverity.WARN,
        description=" ".join(trouble) or None,
        metadata={"sources": len(sources), "in_trouble": sum(1 for one in sources if one.trouble), "not_read": failed},
    )


def definitions(base: Base) -> dg.Definitions:
    """Return the assets of mirrored sources and their checks."""
    return dg.Definitions(
        assets=[
            base.asset(function, version=(1,), group="ingest", kinds={"python", "file"})
            for function in (mirrored_sources, crawled_pages)
        ],
        asset_checks=[
            base.check(every_source_listed, "mirrored_sources", given={"kinds": LISTED}),
            base.check(every_source_listed, "crawled_pages", given={"kinds": CRAWLED}),
        ],
    )
