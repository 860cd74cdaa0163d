"""Examine a home: every inspection is a line in `INSPECTIONS`."""

import os
from collections.abc import Callable, Iterator
from functools import partial

from xnai_pipelines.doctor.diagnosis import Diagnosis
from xnai_pipelines.doctor.leftovers import inspect_dead_runs, inspect_unfinished
from xnai_pipelines.doctor.releases import inspect_manifests, inspect_pointer
from xnai_pipelines.doctor.stores import (
    inspect_databases,
    inspect_orphans,
    inspect_records,
    inspect_search_files,
    inspect_tables,
)
from xnai_pipelines.doctor.surroundings import (
    inspect_backups,
    inspect_disk,
    inspect_inputs,
    inspect_rights,
    inspect_version,
)
from xnai_pipelines.errors import XnaiError
from xnai_pipelines.state.layout import Home

Inspection = Callable[[Home], Iterator[Diagnosis]]
# What hinders everything else first.
INSPECTIONS: tuple[Inspection, ...] = (
    inspect_disk,
    inspect_rights,
    inspect_inputs,
    inspect_tables,
    inspect_version,
    inspect_pointer,
    inspect_manifests,
    inspect_databases,
    inspect_records,
    inspect_search_files,
    inspect_orphans,
    inspect_dead_runs,
    inspect_unfinished,
)


def examine(home: Home, *, max_backup_hours: float, max_drill_days: float) -> list[Diagnosis]:
    """Return what is wrong with a home; it is only read.

    Args:
        home: The home.
        max_backup_hours: Age up to which a backup is recent.
        max_drill_days: Age up to which a restore drill is recent.
    """
    if not home.root.is_dir():
        return [
            Diagnosis(
                "no_home", str(home.root), "There is no such folder.", "`xnai run`, or XNAI_HOME=the right folder"
            )
        ]
    if not os.access(home.root, os.R_OK | os.X_OK):
        return [_not_readable(str(home.root))]
    backups = partial(inspect_backups, max_hours=max_backup_hours, max_days=max_drill_days)
    inspections: tuple[Inspection, ...] = (*INSPECTIONS, backups)
    found = [one for inspect in inspections for one in _found(inspect, home)]
    return [one for n, one in enumerate(found) if one not in found[:n]]  # several read the same files


def _found(inspect: Inspection, home: Home) -> list[Diagnosis]:
    try:
        return list(inspect(home))
    except PermissionError as error:
        return [_not_readable(str(error.filename or home.root))]
    except Exception as error:  # noqa: BLE001  what is damaged may raise anything; the other inspections go on
        name = getattr(inspect, "__name__", "inspect_backups").removeprefix("inspect_")
        what = str(error) if isinstance(error, XnaiError) else f"{type(error).__name__}: {error}"
        return [Diagnosis("not_inspected", name.replace("_", " "), what, "Fix this, then `xnai doctor` again")]


def _not_readable(path: str) -> Diagnosis:
    remedy = "Run as its owner, whom `ls -ld` shows, or give this user the right"
    return Diagnosis("not_readable", path, "This user may not read it.", remedy)
