"""Housekeeping: compact the tables, drop what no release needs, say how many bytes that freed."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from xnai_pipelines.encoding import VectorCache
from xnai_pipelines.home import write_json
from xnai_pipelines.releases import Releases
from xnai_pipelines.stages.context import StageContext, report_path, stage

KEPT_VERSIONS = timedelta(days=7)  # of every table, for readers that hold an older one open
UNUSED_VECTORS = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class MaintenanceReport:
    """Size of the tables on disk before and after, tables dropped and cached vectors removed."""

    bytes_before: int
    bytes_after: int
    dropped: tuple[str, ...]
    vectors_removed: int
    seconds: float


def maintain(context: StageContext) -> MaintenanceReport:
    """Compact every table, remove old versions, and drop embeddings tables that no release names."""
    tables = context.tables
    with stage(context, "maintenance") as watch:
        before = tables.size_bytes()
        kept = Releases(context.home.releases).all()
        named = {release.embeddings_table for release in kept}
        # before the first release a table without one is a first run that was killed and will go on
        dropped = tuple(n for n in tables.names() if kept and n.startswith("embeddings_") and n not in named)
        for name in dropped:
            tables.drop(name)
        names = tables.names()
        with context.progress.work("maintenance", len(names), "tables") as advance:
            for name in names:
                tables.open(name).optimize(cleanup_older_than=KEPT_VERSIONS)
                advance()
        with VectorCache(context.home.vector_cache) as cache:
            removed = cache.prune(datetime.now(UTC) - UNUSED_VECTORS, {release.vector_space for release in kept})
        after = tables.size_bytes()
        watch.items = len(names)
    report = MaintenanceReport(before, after, dropped, removed, watch.seconds)
    write_json(report_path(context.home, "maintenance"), asdict(report))
    return report
