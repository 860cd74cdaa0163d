"""The pipeline of a home as people run it: its settings in the environment, its jobs in Dagster, its command line."""

import functools
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from tests.support import commands
from tests.support.workplace import Workplace
from xnai_pipelines.cli.app import main
from xnai_pipelines.definitions import defs
from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.resources import configured
from xnai_pipelines.environment import prepare
from xnai_pipelines.settings import Settings, settings

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def variables(work: Workplace | None = None, **settings: object) -> dict[str, str]:
    """Return an environment with the settings given, a workplace's home and folder among them, and no other of ours."""
    place = {"home": work.home.root, "documents": work.documents} if work else {}
    ours = {f"XNAI_{name.upper()}": str(value) for name, value in {**place, "threads": 1, **settings}.items()}
    return {**commands.environment(), **ours, "COLUMNS": "200"}  # a wide terminal: no line is broken


@contextmanager
def settled(environment: dict[str, str]) -> Iterator[None]:
    """Have this process read its settings from the environment given."""
    settings.cache_clear()
    with mock.patch.dict(os.environ, environment, clear=True):
        yield
    settings.cache_clear()


def base() -> Base:
    """Return the knowledge base of the settings that hold now."""
    return Base(settings())


def resource(name: str) -> Any:
    """Return a resource as the settings that hold now configure it."""
    return configured(settings())[name]


def loaded() -> dg.Definitions:
    """Return the code location by the settings that hold now; building it takes a third of a second."""
    prepare(settings())
    return _loaded(settings())


@functools.lru_cache(maxsize=4)
def _loaded(_: Settings) -> dg.Definitions:
    return defs()


def tick(instance: dg.DagsterInstance, sensor: str, cursor: str | None = None) -> Any:
    """Evaluate a sensor once, as the daemon does, and return what it asks for or says."""
    with dg.build_sensor_context(instance, cursor=cursor, resources=loaded().resources) as context:
        return loaded().resolve_sensor_def(sensor).evaluate_tick(context)


@dataclass(frozen=True)
class Pipeline:
    """The jobs of a workplace's home, run in this process; the settings are those of the environment."""

    work: Workplace
    instance: dg.DagsterInstance

    def run(
        self, job: str = "refresh", assets: list[dg.AssetKey] | None = None, **config: dict[str, Any]
    ) -> dg.ExecuteInProcessResult:
        """Run a job, or only some of its assets."""
        ops = {asset: {"config": values} for asset, values in config.items()}
        run_config = {**QUIET, "ops": ops}
        return (
            loaded()
            .resolve_job_def(job)
            .execute_in_process(
                instance=self.instance, run_config=run_config, raise_on_error=False, asset_selection=assets
            )
        )


def materialized(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    """Return the metadata with which the run materialized the asset."""
    [event] = result.asset_materializations_for_node(asset.replace("/", "__"))
    return {name: value.value for name, value in event.metadata.items()}


def failures(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Return what the steps that failed raised, by step."""
    return {
        event.step_key: (event.step_failure_data.error.cause or event.step_failure_data.error).message
        for event in result.all_events
        if event.is_step_failure
    }


def stale(instance: dg.DagsterInstance) -> dict[str, list[str]]:
    """Return the assets that the UI marks as out of date, with the reasons that it gives."""
    graph = loaded().resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    return {
        key.to_user_string(): sorted({cause.reason for cause in resolver.get_stale_causes(key)})
        for key in graph.get_all_asset_keys()
        if resolver.get_status(key) is StaleStatus.STALE
    }


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and the code that it ended with."""

    code: int
    out: str
    err: str


def json_of(said: Said) -> Any:
    """Return what a command that ended well printed as JSON."""
    assert said.code == 0, said.err
    return json.loads(said.out)


def command(environment: dict[str, str], *arguments: str) -> Said:
    """Run `xnai` with the arguments in this process."""
    out, err = io.StringIO(), io.StringIO()
    given, ending = mock.patch.object(sys, "argv", ["xnai", *arguments]), pytest.raises(SystemExit)
    with settled(environment), given, redirect_stdout(out), redirect_stderr(err), ending as ended:
        main()
    return Said(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def fresh_xnai(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as people do: in a process of its own, which imports what it uses."""
    command = [sys.executable, "-m", "xnai_pipelines.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def xnai(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return commands.run(["-m", "xnai_pipelines.cli", *arguments], environment)


def start_xnai(environment: dict[str, str], *arguments: str) -> commands.Process:
    """Start the command in a process of its own."""
    return commands.Process(["-m", "xnai_pipelines.cli", *arguments], environment)


@contextmanager
def dagster_of(environment: dict[str, str]) -> Iterator[dg.DagsterInstance]:
    """Open the Dagster instance that `xnai` uses with this environment."""
    from xnai_pipelines.environment import make_home

    with settled(environment):
        prepare(settings())
        make_home(settings())
        with dg.DagsterInstance.get() as instance:
            yield instance


ROOT = Path(__file__).resolve().parents[2]
