"""Runs started from a terminal: the same jobs, in the same Dagster instance, as those started in the UI."""

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run
from dagster._core.instance.ref import InstanceRef
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from sqlalchemy.exc import DatabaseError
from tqdm import tqdm

from xnai_pipelines.defs.resources import PROGRESS
from xnai_pipelines.defs.runs import end_dead_runs
from xnai_pipelines.environment import check_instance, check_writable, dagster_home
from xnai_pipelines.errors import HomeError, expected
from xnai_pipelines.settings import settings
from xnai_pipelines.state.full_disk import full_disk
from xnai_pipelines.state.layout import Home
from xnai_pipelines.wording import on_one_line

LOCATION = "xnai_pipelines"  # as workspace.yaml names the code location
REPOSITORY = "__repository__"  # as Dagster names the definitions of a code location
# Dagster would put a file in the place of standard error while a step runs, and no step would see the terminal.
_NO_CAPTURE = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    }
}

_INTERRUPTED = "interrupted. What was written is kept, and the next run resumes from there."


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A check that did not pass."""

    asset: str
    check: str
    severity: str
    description: str | None
    metadata: dict[str, str]


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """How a run ended: the reason if a step failed, the steps that succeeded, and the checks that did not pass.

    `exit_code` is that of the error's class (errors.py), 1 for an error outside the tree, 0 for a run that succeeded.
    """

    run_id: str
    failure: str | None
    exit_code: int
    succeeded: tuple[str, ...]
    failed_checks: tuple[FailedCheck, ...]


def execute(
    job: str,
    config: Mapping[str, Mapping[str, Any]],
    home: Home,
    assets: Sequence[Sequence[str]] | None = None,
) -> FinishedRun:
    """Run a job in this process and wait for its end.

    `config` holds the config of assets by name; `assets` are the paths of the keys to materialize, None for all.

    Raises:
        HomeError: The home or Dagster's storage cannot be written.
        SettingsError: There is no Dagster instance where XNAI_DAGSTER_HOME says.
    """
    check_instance(settings())
    check_writable(settings())
    from xnai_pipelines.definitions import defs

    run_config = {
        "ops": {asset: {"config": dict(values)} for asset, values in config.items() if values},
        # people at a terminal get a progress bar and a summary; Dagster's own lines are in its UI
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    with _terminal_instance() as instance, _progress_on_stderr():
        definition = defs().resolve_job_def(job)
        # `execute_in_process` records no code location, and the pages of jobs and the timeline show no run without one
        run = instance.create_run_for_job(
            definition,
            run_config=run_config,
            tags=definition.run_tags,
            asset_selection=None if assets is None else frozenset(dg.AssetKey(list(path)) for path in assets),
            remote_job_origin=_origin(job),
        )
        result = execute_run(InMemoryJob(definition), run, instance)
        events = result.all_events
    failure, exit_code = next((_reason(event) for event in events if event.is_failure), (None, 0))
    checks = [
        event.asset_check_evaluation_data for event in events if event.event_type_value == "ASSET_CHECK_EVALUATION"
    ]
    failed = tuple(
        FailedCheck(
            asset=check.asset_key.to_user_string(),
            check=check.check_name,
            severity=check.severity.value,
            description=check.description,
            metadata={name: str(value.value) for name, value in check.metadata.items()},
        )
        for check in checks
        if not check.passed
    )
    succeeded = tuple(event.step_key for event in events if event.is_step_success and event.step_key)
    return FinishedRun(result.run_id, failure, exit_code, succeeded, failed)


def _origin(job: str) -> RemoteJobOrigin:
    """Return where the UI finds the job: the code server that `xnai ui` starts."""
    server = GrpcServerCodeLocationOrigin("127.0.0.1", settings().code_port, location_name=LOCATION)
    return RemoteRepositoryOrigin(server, REPOSITORY).get_job_origin(job)


@contextmanager
def _terminal_instance() -> Iterator[dg.DagsterInstance]:
    """Open the Dagster instance of the settings; what its steps print goes to the terminal and is not captured."""
    folder = dagster_home(settings())
    try:
        with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(folder), overrides=_NO_CAPTURE)) as instance:
            yield instance
    except DatabaseError as error:
        raise full_disk(folder, error.orig or error) or HomeError(
            f"Dagster's storage of {folder} cannot be used ({error.orig}). Make it writable and intact, or set "
            "XNAI_HOME to another folder."
        ) from error


class _Stderr(logging.Handler):
    """Prints sentences above a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(on_one_line(record.getMessage()), file=sys.stderr)


@contextmanager
def _progress_on_stderr() -> Iterator[None]:
    handler, level, propagates = _Stderr(), PROGRESS.level, PROGRESS.propagate
    PROGRESS.addHandler(handler)
    PROGRESS.setLevel(logging.INFO)
    PROGRESS.propagate = False  # libraries give the root logger a handler, which would print each sentence again
    try:
        yield
    finally:
        PROGRESS.removeHandler(handler)
        PROGRESS.setLevel(level)
        PROGRESS.propagate = propagates


def end_runs_left_behind(home: Home) -> None:
    """Mark the runs of killed processes as failed.

    Raises:
        SettingsError: There is no Dagster instance where XNAI_DAGSTER_HOME says.
    """
    check_instance(settings())
    with dg.DagsterInstance.get() as instance:
        end_dead_runs(instance, home)


def _reason(event: dg.DagsterEvent) -> tuple[str, int]:
    """Return the step that failed, or "run", with what was raised, and the exit code of the error's class."""
    if event.event_type is dg.DagsterEventType.RUN_CANCELED:
        return f"run: {_INTERRUPTED}", 1
    error = event.step_failure_data.error if event.is_step_failure else event.job_failure_data.error
    where = event.step_key or "run"
    if error is None:
        return f"{where}: {event.message}", 1
    if error.cls_name == "DagsterExecutionInterruptedError":
        return f"{where}: {_INTERRUPTED}", 1
    raised = error  # Dagster's own error, which only says which step it was, or what it wraps
    while (kind := expected(raised.cls_name)) is None and raised.cause is not None:
        raised = raised.cause
    if kind is None:
        return f"{where}: {(error.cause or error).message.strip()}", 1
    return f"{where}: {raised.message.partition(': ')[2].strip()}", kind.exit_code
