"""Housekeeping: compact the tables, drop what no release needs, say how many bytes that freed."""

from dataclasses import asdict, dataclass
from datetime import timedelta

from xnai_pipelines.encoding import VectorCache, text_sha256
from xnai_pipelines.home import write_json
from xnai_pipelines.releases import Releases
from xnai_pipelines.stages.context import StageContext, report_path, stage
from xnai_pipelines.tables import CHUNKS

KEPT_VERSIONS = timedelta(days=7)  # of every table, for readers that hold an older one open


@dataclass(frozen=True, slots=True)
class MaintenanceReport:
    """Size of the tables on disk before and after, tables dropped and cached vectors removed."""

    bytes_before: int
    bytes_after: int
    dropped: tuple[str, ...]
    vectors_removed: int
    seconds: float


def maintain(context: StageContext) -> MaintenanceReport:
    """Compact every table, remove old versions, drop embeddings tables that no release names, trim the vector cache.

    The cache keeps the vectors of the passages that chunks hold now.
    """
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
        passages = tables.stream(CHUNKS, ["passage"])
        with VectorCache(context.home.vector_cache) as cache:
            removed = cache.keep_only(
                {key for batch in passages for key in map(text_sha256, batch["passage"].to_pylist())}
            )
        after = tables.size_bytes()
        watch.items = len(names)
    report = MaintenanceReport(before, after, dropped, removed, watch.seconds)
    write_json(report_path(context.home, "maintenance"), asdict(report))
    return report
