"""Housekeeping: compact the tables, drop what no release needs, report how many bytes that freed."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from xnai_pipelines.adapters.make import MERGED
from xnai_pipelines.answers.policy import forget_refusal_policy
from xnai_pipelines.encoders.cache import trim_cache
from xnai_pipelines.encoders.expansion import EXPANDED
from xnai_pipelines.encoders.packaged.folder import PACKAGED
from xnai_pipelines.evaluation.policy import last_policy
from xnai_pipelines.models.make import model_reports
from xnai_pipelines.search.corpus import publish_corpus, withdraw_corpus
from xnai_pipelines.search.policy import RankingPolicy
from xnai_pipelines.state.context import StageContext, stage, write_report
from xnai_pipelines.state.day_files import remove_before
from xnai_pipelines.state.layout import Home, remove
from xnai_pipelines.state.manifest import Release, Releases, is_embeddings_table, read_candidate
from xnai_pipelines.state.table_maintenance import compact
from xnai_pipelines.state.table_objects import remove_dropped
from xnai_pipelines.state.table_place import Bucket
from xnai_pipelines.state.tables import Tables

KEPT_VERSIONS = timedelta(days=7)  # of every table, for readers that have an older version open


@dataclass(frozen=True, slots=True)
class MaintenanceReport:
    """Table sizes before and after; what expired, which tables and models were dropped, how much else was removed."""

    bytes_before: int
    bytes_after: int
    expired: tuple[int, ...]
    dropped: tuple[str, ...]
    models_dropped: tuple[str, ...]
    vectors_removed: int
    access_logs_removed: int
    seconds: float


def maintain(context: StageContext, *, kept_releases: int, access_log_days: int = 90) -> MaintenanceReport:
    """Compact every table, remove old versions, drop what no release names, trim the vector cache and access log.

    Keeps the current release and the `kept_releases` newest; others expire. Releases, the candidate and the last
    report of each variant name models. The cache keeps the vectors of the passages in today's chunks.
    """
    tables = context.tables
    releases = Releases(context.home.releases)
    with stage(context, "maintenance") as watch:
        before = tables.size_bytes()
        expired = _expire(releases, kept_releases)
        for number in expired:
            forget_refusal_policy(context.home, number)
        kept = releases.with_challenger()
        dropped = _drop_tables(tables, kept)
        searched = {one.embeddings_table for one in (releases.current(), releases.challenger()) if one}
        watch.items = _compact_tables(context, searched)
        removed = trim_cache(context)
        logs_removed = remove_before(context.home.access, datetime.now(UTC).date() - timedelta(access_log_days))
        models_dropped = _drop_models(context.home, kept)
        _drop_rerankers(context.home, kept)
        after = tables.size_bytes()
    report = MaintenanceReport(
        bytes_before=before,
        bytes_after=after,
        expired=expired,
        dropped=dropped,
        models_dropped=models_dropped,
        vectors_removed=removed,
        access_logs_removed=logs_removed,
        seconds=watch.seconds,
    )
    write_report(context.home, "maintenance", report)
    return report


def _drop_tables(tables: Tables, kept: Sequence[Release]) -> tuple[str, ...]:
    """Drop the tables of vectors that no release names; return their names."""
    named = {release.embeddings_table for release in kept}
    # before the first release, an unnamed table is a killed first run's, which will resume
    dropped = tuple(name for name in tables.names() if kept and is_embeddings_table(name) and name not in named)
    for name in dropped:
        tables.drop(name)
    if isinstance(tables.place, Bucket):
        remove_dropped(tables.place, named)
    return dropped


def _compact_tables(context: StageContext, searched: Set[str]) -> int:
    """Compact every table, and write again what search reads of the searched ones; return the number of tables."""
    tables = context.tables
    for folder in context.home.index.glob("*"):
        if folder.name not in searched:
            withdraw_corpus(context.home, folder.name)
    names = tables.names()
    with context.progress.work("maintenance", len(names), "tables") as advance:
        for name in names:
            compact(tables, name, KEPT_VERSIONS)
            advance()
    for name in searched:
        publish_corpus(context.home, tables, name, joined=True)
    return len(names)


def _drop_rerankers(home: Home, releases: Sequence[Release]) -> None:
    """Remove re-rankers that no release has and the ranking policy did not try last, if there is a release."""
    last = last_policy(home)
    named = {RankingPolicy.of(release).reranker for release in releases}
    named |= {trial.name for trial in last.rerankers} if last else set()
    for folder in home.rerankers.glob("[!.]*") if releases else ():
        if folder.name not in named and not folder.is_symlink():
            remove(folder)


def _expire(releases: Releases, most: int) -> tuple[int, ...]:
    """Expire the oldest releases beside the current one; nothing names their tables then."""
    current = releases.current()
    others = [release.release for release in releases.all() if current and release.release != current.release]
    expired = tuple(others[: max(0, len(others) - most)])
    for number in expired:
        releases.expire(number)
    return expired


def _drop_models(home: Home, releases: Sequence[Release]) -> tuple[str, ...]:
    """Remove unnamed models, their expanded and merged forms; nothing before a first release."""
    adapters = {release.adapter for release in releases}
    for merged in (home.adapters / MERGED).glob("[!.]*") if releases else ():
        # made again from the adapter when needed
        if merged.name not in adapters and not merged.is_symlink():
            remove(merged)
    candidate = read_candidate(home.releases)
    named = {release.vector_space for release in releases} | {report.vector_space for report in model_reports(home)}
    named |= {release.cut_by for release in releases if release.cut_by}
    named |= {candidate.vector_space} if candidate else set()
    unnamed = [path for path in home.models.glob("[!.]*") if path.name not in (EXPANDED, PACKAGED, *named)]
    # a person made this link, to share models between homes
    unused = [path for path in unnamed if path.is_dir() and not path.is_symlink()] if releases else []
    for folder in unused:
        remove(folder)
        remove(home.models / EXPANDED / folder.name)
    return tuple(sorted(folder.name for folder in unused))
