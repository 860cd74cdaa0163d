"""What a home stands on: its disk, its rights, its documents, its version, its backups."""

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from xnai_pipelines.backups.drill import objections, past_drills
from xnai_pipelines.backups.make import last_backup
from xnai_pipelines.doctor.diagnosis import Diagnosis, Urgency
from xnai_pipelines.errors import RecordError
from xnai_pipelines.state.claim import recorded_inputs
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.migration import pending

LITTLE_BYTES = 2**30
LITTLE_SHARE = 0.02


def inspect_disk(home: Home) -> Iterator[Diagnosis]:
    """Yield a disk that is full or nearly full."""
    usage = shutil.disk_usage(home.root)
    if usage.free < min(LITTLE_BYTES, LITTLE_SHARE * usage.total):
        yield Diagnosis(
            "full_disk",
            str(home.root),
            f"{usage.free / 2**20:,.0f} MB of {usage.total / 2**30:,.1f} GB are free.",
            "Free some space, which every run needs; then `xnai maintain` removes what no release needs",
        )


def inspect_rights(home: Home) -> Iterator[Diagnosis]:
    """Yield folders that cannot be written, and secrets that others can read."""
    if os.statvfs(home.root).f_flag & os.ST_RDONLY:
        what = "Its file system is mounted read-only. Searches work; runs are refused."
        yield Diagnosis("read_only", str(home.root), what, "Mount it writable (`mount -o remount,rw`)", Urgency.RISK)
        folders = []
    else:
        folders = [home.root, home.lancedb, home.releases, home.state, home.dagster]
    for folder in folders:
        if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
            yield Diagnosis(
                "not_writable", str(folder), "It cannot be written.", f"`chmod u+rwx {folder}`, or change its owner"
            )
    for path in (home.secrets, *home.secrets.glob("*")):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            mode = 0o700 if path.is_dir() else 0o600
            yield Diagnosis(
                "open_secrets",
                path.relative_to(home.root).as_posix(),
                "Others can read it.",
                f"`xnai doctor --fix`, or `chmod {mode:o} {path}`",
                fix=partial(path.chmod, mode),
            )


def inspect_inputs(home: Home) -> Iterator[Diagnosis]:
    """Yield a documents folder that is unknown or missing."""
    record = home.root / "home.json"
    inputs, wrong = None, "It is missing."
    try:
        inputs = recorded_inputs(home)
    except (ValueError, KeyError, TypeError) as error:
        wrong = f"It cannot be read ({error!r})."
    if inputs is None and (record.exists() or Releases(home.releases).moves()):
        yield Diagnosis(
            "damaged_inputs",
            record.name,
            f"{wrong} The access rules are unknown, so the service answers nobody.",
            "Delete it if it is there; then `xnai run` with XNAI_DOCUMENTS=the folder that this home was made from",
        )
    if inputs is not None and not inputs.documents.is_dir():
        yield Diagnosis(
            "missing_documents",
            str(inputs.documents),
            "The documents folder is missing. Searches work; runs are refused.",
            "Mount it, or put it back",
        )


def inspect_version(home: Home) -> Iterator[Diagnosis]:
    """Yield what a home of an earlier version still has to change, and what this version cannot read."""
    for change in pending(home):
        if change.possible:
            yield Diagnosis("earlier_version", change.where, change.what, "`xnai migrate`", Urgency.RISK)
        else:
            yield Diagnosis("later_version", change.where, change.what, "Use the version that wrote it")


def inspect_backups(home: Home, *, max_hours: float, max_days: float) -> Iterator[Diagnosis]:
    """Yield why the home could not be restored for certain."""
    if not home.releases.is_dir():
        return
    try:
        made, drills = last_backup(home), past_drills(home)
    except RecordError:  # another inspection tells
        return
    newest = made.created_at if made else None
    for one in objections(drills, newest, max_hours=max_hours, max_days=max_days, now=datetime.now(UTC)):
        yield Diagnosis("unproven_backup", "backups", one.what, one.remedy, Urgency.RISK)
