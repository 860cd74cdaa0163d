"""The home's tables, and the context that every stage is given."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dagster as dg
from pydantic import Field, PrivateAttr

from xnai_pipelines.defs.resources.runs import HOME_TAG, end_dead_runs, is_of, turn
from xnai_pipelines.state.context import StageContext
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.locks import shown_alive
from xnai_pipelines.state.migration import migrate
from xnai_pipelines.state.progress import Progress
from xnai_pipelines.state.tables import Tables, kill_after


class StoresResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The home of all state; a run that has it is shown alive and is, while it has the turn, the only one at work."""

    home: str = Field(description="Folder of all state.")
    exact_search_rows: int = Field(description="Vectors up to which search compares every one of them.")
    kill_after_commits: int | None = Field(default=None, description="For tests: die after so many commits.")
    _tables: Tables | None = PrivateAttr(default=None)
    _turn: ExitStack = PrivateAttr(default_factory=ExitStack)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["StoresResource"]:
        """Wait for the turn of the run and end what killed runs left behind; sensors and schedules go ahead."""
        migrate(self.layout, _say(context.log))
        run, instance = context.run, context.instance
        if run is None or instance is None:
            yield self
            return
        if not is_of(run, self.layout):  # of assets that a person picked, not of a job
            instance.add_run_tags(run.run_id, {HOME_TAG: self.home})
        with shown_alive(self.layout, run.run_id), ExitStack() as self._turn:
            self._take_turn(run.run_id, context.log)
            end_dead_runs(instance, self.layout)
            yield self

    @contextmanager
    def turn_given_up(self, context: dg.AssetExecutionContext) -> Iterator[None]:
        """Let other runs go ahead while the block works on nothing that they write; then wait for the turn again."""
        self._turn.close()
        try:
            yield
        finally:
            self._take_turn(context.run.run_id, context.log)

    def _take_turn(self, run_id: str, log: dg.DagsterLogManager | None) -> None:
        self._turn.enter_context(turn(self.layout, run_id, _say(log)))

    @property
    def layout(self) -> Home:
        """The paths of the home."""
        return Home(Path(self.home))

    @property
    def tables(self) -> Tables:
        """The LanceDB tables."""
        if self._tables is None:
            self._tables = Tables(self.layout.lancedb, kill_after(self.kill_after_commits))
        return self._tables

    def stage_context(self, context: dg.OpExecutionContext | dg.AssetExecutionContext) -> StageContext:
        """Return what a stage is given, its progress shown in the run's log."""
        return StageContext(self.layout, self.tables, context.run.run_id, Progress(_say(context.log)))


def _say(log: dg.DagsterLogManager | None) -> Callable[[str], None]:
    """Return what tells people a sentence: in the run's log, and in the terminal where there is one."""

    def say(sentence: str) -> None:
        if log is not None:
            log.info(sentence)
        if sys.stderr.isatty():
            print(sentence, file=sys.stderr)

    return say
