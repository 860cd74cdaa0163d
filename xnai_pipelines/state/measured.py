"""What is measured once for a state of the home: kept as a record, and logged to MLflow when that can be reached."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import Field, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from xnai_pipelines.state.records import read_record, write_record
from xnai_pipelines.state.tracker import MlflowRun


class Measured(Protocol):
    """A record of figures."""

    @property
    def fingerprint(self) -> str:
        """Hash of everything that the figures depend on."""


class Logged(Protocol):
    """A record of figures that MLflow shows too."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def mlflow_run(self) -> MlflowRun | None:
        """The run that shows them, None while they are not logged."""


SomeMeasured = TypeVar("SomeMeasured", bound=Measured)
SomeLogged = TypeVar("SomeLogged", bound=Logged)


def content_hash(*parts: object) -> str:
    """Return a hash of what figures depend on: values that JSON holds. 32 hexadecimal digits."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def measured_once(
    path: Path,
    fingerprint: str,
    measure: Callable[[SomeMeasured | None], SomeMeasured],
    kind: type[SomeMeasured],
    *,
    force: bool = False,
) -> tuple[SomeMeasured, bool]:
    """Return the record of these figures, and whether they were measured now.

    Args:
        path: File of the record.
        fingerprint: Hash of everything that the figures depend on.
        measure: Measures them; given the record before, None without one.
        kind: Class of the record.
        force: Measure even if nothing changed.
    """
    kept = read_record(path, kind)
    if kept is not None and kept.fingerprint == fingerprint and not force:
        return kept, False
    kept = measure(kept)
    write_record(path, kept)
    return kept, True


def logged_once(path: Path, kept: SomeLogged, log: Callable[[], MlflowRun]) -> SomeLogged:
    """Return the record with its run; logs what an earlier run could not log.

    Raises:
        TrackingUnavailableError: MLflow cannot be reached; the next call tries again.
    """
    if kept.mlflow_run is None:
        kept = replace(kept, mlflow_run=log())
        write_record(path, kept)
    return kept
