"""Where everything in a home is stored."""

import json
import os
import shutil
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from xnai_pipelines.state.fence import committing
from xnai_pipelines.state.relocation import sqlite_url

if TYPE_CHECKING:
    import pyarrow as pa

FileStamp: TypeAlias = tuple[int, int, int]
"""Time of the last change in ns since 1970, inode and size of a file."""


@dataclass(frozen=True, slots=True)
class Home:
    """The state folder. The first writer creates each part."""

    root: Path

    @property
    def lancedb(self) -> Path:
        """LanceDB tables."""
        return self.root / "lancedb"

    @property
    def index(self) -> Path:
        """What searches map into memory, one folder per embeddings table; made from the tables."""
        return self.root / "index"

    @property
    def unpacked(self) -> Path:
        """Files of archives and messages while a run reads them; emptied by the next one if a run was killed."""
        return self.root / "unpacked"

    @property
    def shards(self) -> Path:
        """Files between a run and its workers; a killed run's are used by the next one."""
        return self.root / "shards"

    @property
    def sources(self) -> Path:
        """Mirrors of sources of documents, one folder each."""
        return self.root / "sources"

    @property
    def models(self) -> Path:
        """Model artefacts, one folder per vector space."""
        return self.root / "models"

    @property
    def rerankers(self) -> Path:
        """Cross-encoders that re-rank, one folder each."""
        return self.root / "rerankers"

    @property
    def adapters(self) -> Path:
        """LoRA adapters, one folder each, and the encoders they were merged into."""
        return self.root / "adapters"

    @property
    def releases(self) -> Path:
        """Release manifests and the pointer to the current one."""
        return self.root / "releases"

    @property
    def decisions(self) -> Path:
        """Decisions on challengers, one file each."""
        return self.releases / "decisions"

    @property
    def state(self) -> Path:
        """Records that decide what the next run does: what was last built, measured and drawn."""
        return self.root / "state"

    def refusal_policy(self, release: int) -> Path:
        """Return the path of the record of when a release's answers are refusals."""
        return self.state / "refusal_policies" / f"{release}.json"

    @property
    def reports(self) -> Path:
        """What runs did, for people to read; nothing depends on it, and it may be deleted."""
        return self.root / "reports"

    @property
    def dagster(self) -> Path:
        """Dagster's runs, events and schedules."""
        return self.root / "dagster"

    @property
    def vector_cache(self) -> Path:
        """Vectors by vector space and text."""
        return self.root / "vectors.db"

    @property
    def mlflow_uri(self) -> str:
        """Tracking store of MLflow if no server is set."""
        return sqlite_url(self.root / "mlflow.db")

    @property
    def mlartifacts(self) -> Path:
        """Artefacts of MLflow runs."""
        return self.root / "mlartifacts"

    @property
    def feedback(self) -> Path:
        """Questions that people judged or labelled during search."""
        return self.root / "feedback"

    @property
    def alerts(self) -> Path:
        """Alerts sent, one per line."""
        return self.root / "alerts.jsonl"

    @property
    def secrets(self) -> Path:
        """Keys and hashes of tokens, readable by the owner alone."""
        return self.root / "secrets"

    @property
    def access(self) -> Path:
        """Who asked the service for what, one file per day and machine."""
        return self.root / "access"

    @property
    def answers(self) -> Path:
        """What each answer of `xnai ask` was made from, one file each, so that it can be given again."""
        return self.root / "answers"

    @property
    def logs(self) -> Path:
        """Logs of the servers that `xnai ui` starts."""
        return self.root / "logs"

    @property
    def sample(self) -> Path:
        """The sample documents and questions."""
        return self.root / "sample"


def write_json(path: Path, value: Any) -> None:
    """Replace `path` by `value` as JSON, atomically even if the machine stops."""
    write_bytes(path, json.dumps(value, indent=2, ensure_ascii=False).encode())


def write_parquet(path: Path, table: "pa.Table") -> None:
    """Replace `path` by a table as Parquet, atomically even if the machine stops."""
    write_bytes(path, parquet_bytes(table))


def parquet_bytes(table: "pa.Table") -> bytes:
    """Return the content of a table's Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = pa.BufferOutputStream()
    pq.write_table(table, content)
    return bytes(content.getvalue().to_pybytes())


def changed_at(path: Path) -> int:
    """Return when a file was last changed, in ns since 1970; 0 if it is gone."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def stamp_of(path: Path) -> FileStamp:
    """Return what tells a file from the one that replaces it, also within a tick of the clock; zeros if it is gone."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0, 0
    return found.st_mtime_ns, found.st_ino, found.st_size


def write_bytes(path: Path, content: bytes) -> None:
    """Replace the file `path`, atomically even if the machine stops."""
    write_parts(path, (content,))


def write_parts(path: Path, parts: Iterable[bytes]) -> None:
    """Replace the file `path` by parts that need not fit in memory, atomically even if the machine stops."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        with committing(path):
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def link_or_copy(file: Path, to: Path) -> None:
    """Make a file, which nobody changes, another one too: the same one, or a copy if there are no hard links."""
    try:
        os.link(file, to)
    except OSError:
        shutil.copyfile(file, to)


def write_once(path: Path, content: bytes, *, mode: int = 0o666) -> None:
    """Make the file `path`, whole from the first moment; if another process is faster, its file stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(temporary, path)  # unlike a rename it fails if there is such a file
    finally:
        temporary.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove a file or a folder; nothing happens if there is none."""
    with committing(path), suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
