"""Brings the mirrors of a home in line with their sources, and tells what they hold."""

import os
import shutil
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256

from xnai_pipelines.documents.folders import MirroredFolder
from xnai_pipelines.documents.sources.mirror import Mirror, MirrorRecord, synchronise
from xnai_pipelines.documents.sources.source import Source
from xnai_pipelines.documents.sources.specs import CrawlSpec, GitSpec, ObjectStoreSpec, Spec
from xnai_pipelines.errors import HomeError
from xnai_pipelines.state.context import LOG_EVERY_SECONDS
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.locks import held

Say = Callable[[str], None]
Secrets = Callable[[str, str], str | None]


@dataclass(frozen=True, slots=True)
class MirroredSource:
    """A source and its mirror, after a synchronisation or as it stands.

    Attributes:
        name: Name of the source.
        kind: git, s3 or crawl.
        prefix: What the names of its documents begin with.
        files: Files in the mirror.
        fetched: Files fetched by the last synchronisation.
        removed: Files removed by it.
        failed: Entries that it could not read, with the reason.
        skipped: Number of entries left out on purpose, by reason.
        trouble: Why the source could not be listed, or not to its end; None if it was.
        revision: What was listed, as a commit.
        synced_at: When the last synchronisation ended, None before the first.
        content: Hash of the files' names and versions.
    """

    name: str
    kind: str
    prefix: str
    files: int
    fetched: int
    removed: int
    failed: dict[str, str]
    skipped: dict[str, int]
    trouble: str | None
    revision: str | None
    synced_at: str | None
    content: str

    @classmethod
    def of(cls, spec: Spec, record: MirrorRecord) -> "MirroredSource":
        """Return a source as the record of its mirror shows it."""
        return cls(
            name=spec.name,
            kind=spec.kind,
            prefix=spec.prefix,
            files=len(record.files),
            fetched=record.fetched,
            removed=record.removed,
            failed=record.failed,
            skipped=record.skipped,
            trouble=record.trouble,
            revision=record.revision,
            synced_at=record.synced_at,
            content=_content(record),
        )


@dataclass(frozen=True, slots=True)
class SourcesReport:
    """What a synchronisation did: files fetched, removed and failed in all sources, and each source."""

    files: int
    fetched: int
    removed: int
    failed: int
    sources: tuple[MirroredSource, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class SourceAccess:
    """What a synchronisation may reach.

    Attributes:
        secret: Returns a secret of a source by the source's name and the secret's.
        private_hosts: Hosts that a crawl may reach at private addresses.
    """

    secret: Secrets = lambda name, part: None
    private_hosts: tuple[str, ...] = ()


def mirrors(home: Home, specs: Sequence[Spec]) -> dict[str, MirroredFolder]:
    """Return the mirrors of sources by prefix."""
    found = {}
    for spec in specs:
        mirror = _mirror(home, spec)
        record = mirror.record()
        reason = None
        if record.listed_at is None:
            reason = f"the source {spec.name} was never listed. {record.trouble or '`xnai run` lists it.'}"
        found[spec.prefix] = MirroredFolder(mirror.files, reason)
    return found


def standing_sources(home: Home, specs: Sequence[Spec]) -> tuple[MirroredSource, ...]:
    """Return the sources as they stand."""
    return tuple(MirroredSource.of(spec, _mirror(home, spec).record()) for spec in specs)


def source_files(home: Home, spec: Spec) -> MirrorRecord:
    """Return what the mirror of a source holds, with the origin of each file."""
    return _mirror(home, spec).record()


def sync_sources(
    home: Home,
    specs: Sequence[Spec],
    kinds: Collection[str],
    access: SourceAccess,
    say: Say,
    *,
    now: bool = False,
    only: str | None = None,
) -> SourcesReport:
    """Return what was done to bring the mirrors of sources in line.

    A source in trouble costs nothing but its own news: its mirror stays as it was, and the report names the reason.
    Mirrors of sources that are no longer named are removed.

    Args:
        home: The home.
        specs: All sources of the home.
        kinds: The kinds to synchronise.
        access: What may be reached.
        say: Takes sentences about the progress.
        now: Crawl again even if the pages are still fresh.
        only: Name of the one source to synchronise; None for all of these kinds.

    Raises:
        HomeError: The home cannot be written.
        MissingExtraError: A source needs an extra that is not installed.
    """
    started = time.perf_counter()
    with held(home, "sources.lock", f"process {os.getpid()}", say):
        _remove_mirrors_of_others(home, specs)
        synced = []
        for spec in (one for one in specs if one.kind in kinds and only in (None, one.name)):
            try:
                record = synchronise(
                    _mirror(home, spec),
                    _source(home, spec, access, now=now),
                    max_bytes=spec.max_mb * 2**20,
                    tell=_progress(spec.name, say),
                )
            except OSError as error:
                raise HomeError(
                    f"The mirror of {spec.name} in {home.sources} cannot be written: {error.strerror}. What was "
                    "fetched is kept. Free some space and run again."
                ) from error
            _report_trouble(spec, record, say)
            synced.append(MirroredSource.of(spec, record))
    return SourcesReport(
        files=sum(one.files for one in synced),
        fetched=sum(one.fetched for one in synced),
        removed=sum(one.removed for one in synced),
        failed=sum(len(one.failed) + (one.trouble is not None) for one in synced),
        sources=tuple(synced),
        seconds=time.perf_counter() - started,
    )


def _content(record: MirrorRecord) -> str:
    versions = sorted((path, file.version) for path, file in record.files.items())
    return sha256(repr(versions).encode()).hexdigest()[:32]


def _mirror(home: Home, spec: Spec) -> Mirror:
    return Mirror(home.sources / spec.name)


def _source(home: Home, spec: Spec, access: SourceAccess, *, now: bool) -> Source:
    """Return the source of a spec. The modules that need an extra are imported for what is named only."""
    work = _mirror(home, spec).work
    match spec:
        case GitSpec():
            from xnai_pipelines.documents.sources.git import GitSource

            return GitSource(spec, work, access.secret(spec.name, "token"))
        case ObjectStoreSpec():
            from xnai_pipelines.documents.sources.object_store import ObjectStoreSource

            return ObjectStoreSource(spec, access.secret(spec.name, "key_id"), access.secret(spec.name, "secret"))
        case CrawlSpec():
            from xnai_pipelines.documents.sources.crawl.crawler import CrawlSource

            return CrawlSource(spec, work, frozenset(access.private_hosts), now=now)


def _remove_mirrors_of_others(home: Home, specs: Sequence[Spec]) -> None:
    names = {spec.name for spec in specs}
    if home.sources.is_dir():
        for folder in home.sources.iterdir():
            if folder.name not in names:
                shutil.rmtree(folder, ignore_errors=True)


def _progress(name: str, say: Say) -> Callable[[int, int], None]:
    """Return what says how far a source is, every few seconds."""
    shown = time.monotonic()

    def tell(listed: int, fetched: int) -> None:
        nonlocal shown
        if time.monotonic() - shown >= LOG_EVERY_SECONDS:
            shown = time.monotonic()
            say(f"{name}: {listed:,} listed, {fetched:,} fetched")

    return tell


def _report_trouble(spec: Spec, record: MirrorRecord, say: Say) -> None:
    if record.trouble:
        say(f"{spec.name}: {record.trouble}")
    if record.failed:
        path, reason = next(iter(record.failed.items()))
        say(f"{spec.name}: {len(record.failed):,} not read, such as {path}: {reason}. `xnai sources` lists all.")
