"""Dagster resources over the state folder's stores, the documents folder, the encoder, MLflow and alerts."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import dagster as dg
from pydantic import Field, PrivateAttr, SecretStr

from xnai_pipelines.autonomy.alerts.alert import Alert, Delivery
from xnai_pipelines.autonomy.alerts.send import LogSink, send
from xnai_pipelines.autonomy.alerts.webhook import WebhookSink
from xnai_pipelines.chunks.spec import ChunkingSpec, Strategy
from xnai_pipelines.compute.engine import Compute, EngineName, open_engine
from xnai_pipelines.defs.runs import HOME_TAG, alive, end_dead_runs, is_of, turn
from xnai_pipelines.errors import SettingsError
from xnai_pipelines.models.logged import ModelVersion
from xnai_pipelines.releases.encoders import EncoderChoice
from xnai_pipelines.settings import Settings, given_settings
from xnai_pipelines.settings.intake import Intake
from xnai_pipelines.state.context import Progress, StageContext
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.locks import held, leased
from xnai_pipelines.state.migration import migrate, migrate_tables
from xnai_pipelines.state.table_claim import claim_tables
from xnai_pipelines.state.tables import Tables, kill_after
from xnai_pipelines.state.tracker import MlflowRun, Tracker, tracker_of

# Sentences about a run's progress. The command line shows them; other processes leave them to the run's log.
PROGRESS = logging.getLogger("xnai_pipelines.progress")


def _setting(name: str) -> Any:
    """Return the field of a resource that holds the setting of that name; the launchpad shows its description."""
    return Field(description=Settings.model_fields[name].description)


class HomeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Something in a home."""

    home: str = _setting("home")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the resource with the settings that its fields are named after."""
        return cls(**settings.model_dump(mode="json", include=set(cls.model_fields)))

    @property
    def layout(self) -> Home:
        """The paths of the home."""
        return Home(Path(self.home))


class SourceResource(HomeResource):
    """What a home reads, and within which limits; a run may override each."""

    documents: str | None = _setting("documents")
    questions: str | None = _setting("questions")
    sources: str | None = _setting("sources")
    exclude: list[str] = _setting("exclude")
    max_file_mb: int = _setting("max_file_mb")
    parse_seconds: int = _setting("parse_seconds")
    parse_memory_mb: int = _setting("parse_memory_mb")
    unpack_mb: int = _setting("unpack_mb")
    ocr_languages: str | None = _setting("ocr_languages")
    notebook_outputs: bool = _setting("notebook_outputs")
    vanish_share: float = _setting("vanish_share")
    vanish_count: int = _setting("vanish_count")

    def intake(self) -> Intake:
        """Return what is read, and within which limits.

        Raises:
            SettingsError: The run overrides a setting with a value that is not allowed.
        """
        return Intake(given_settings(**dict(self)))


class StoresResource(HomeResource):
    """The home of all state; a run that has it is shown alive and is, while it has the turn, the only one at work."""

    lancedb_uri: str | None = _setting("lancedb_uri")
    exact_search_rows: int = _setting("exact_search_rows")
    compute: str = _setting("compute")
    compute_workers: int = _setting("compute_workers")
    ray_address: str | None = _setting("ray_address")
    kill_after_commits: int | None = _setting("kill_after_commits")
    _tables: Tables | None = PrivateAttr(default=None)
    _turn: ExitStack = PrivateAttr(default_factory=ExitStack)
    _retraining: ExitStack = PrivateAttr(default_factory=ExitStack)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["StoresResource"]:
        """Wait for the turn of the run and end what killed runs left behind; sensors and schedules go ahead."""
        migrate(self.layout, _say(context.log))
        claim_tables(self.layout, self.lancedb_uri)
        run, instance = context.run, context.instance
        if run is None or instance is None:
            yield self
            return
        if not is_of(run, self.layout):  # of assets that a person picked, not of a job
            instance.add_run_tags(run.run_id, {HOME_TAG: self.home})
        with alive(self.layout, run.run_id), ExitStack() as self._retraining, ExitStack() as self._turn:
            self._take_turn(run.run_id, context.log)
            end_dead_runs(instance, self.layout)
            migrate_tables(self.layout, _say(context.log))
            yield self

    @contextmanager
    def turn_given_up(self, context: dg.AssetExecutionContext) -> Iterator[None]:
        """Let other runs go ahead while the block trains; then wait for the turn again.

        Another retraining waits here until the run has ended: two would double the memory, and one would adapt the
        encoder by what the other trained.
        """
        self._turn.close()
        try:
            name, run, say = "retraining.lock", f"run {context.run.run_id}", _say(context.log)
            self._retraining.enter_context(held(self.layout, name, run, say))
            self._retraining.enter_context(leased(self.layout, name, run, say))
            yield
        except Exception:
            self._take_turn(context.run.run_id, context.log)  # other steps may go on
            raise
        self._take_turn(context.run.run_id, context.log)  # not after an interrupt: the run ends, and waits for nobody

    def _take_turn(self, run_id: str, log: dg.DagsterLogManager | None) -> None:
        self._turn.enter_context(turn(self.layout, run_id, _say(log)))

    @property
    def tables(self) -> Tables:
        """The LanceDB tables."""
        if self._tables is None:
            self._tables = Tables.of(self.layout, kill_after(self.kill_after_commits))
        return self._tables

    def stage_context(self, context: dg.OpExecutionContext | dg.AssetExecutionContext) -> StageContext:
        """Return what a stage is given. Progress is shown in the run's log and, in a run of the CLI, on stderr."""
        PROGRESS.info("%s ...", context.op_execution_context.op_handle.name.replace("__", "/"))
        engine = open_engine(Compute(EngineName(self.compute), self.compute_workers, self.ray_address))
        return StageContext(self.layout, self.tables, context.run.run_id, Progress(_say(context.log)), engine)


def _say(log: dg.DagsterLogManager | None) -> Callable[[str], None]:
    """Return what shows people a sentence: in the run's log, and on standard error of a run of the CLI."""

    def say(sentence: str) -> None:
        if log is not None:
            log.info(sentence)
        PROGRESS.info("%s", sentence)

    return say


class EncoderResource(HomeResource):
    """The setting of the sentence encoder, run by ONNX Runtime."""

    encoder: str | None = _setting("encoder")
    variant: str | None = _setting("variant")
    threads: int = _setting("threads")

    @property
    def choice(self) -> EncoderChoice:
        """Which encoder each stage works with."""
        return EncoderChoice(self.layout, self.encoder, self.variant, self.threads)


class ChunkingResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """How documents are cut; sizes in the encoder's tokens."""

    strategy: str = Field(description="fixed, sentence, paragraph, recursive or structure.")
    size_tokens: int = Field(description="Largest chunk.")
    overlap_tokens: int = Field(description="Tokens that neighbouring chunks share.")

    def spec(self, window: int) -> ChunkingSpec:
        """Return the settings, validated.

        Args:
            window: Tokens of a passage that the encoder reads.

        Raises:
            SettingsError: A chunk could be longer than that.
        """
        if self.size_tokens > window:
            raise SettingsError(
                f"XNAI_CHUNK_SIZE is {self.size_tokens}; the encoder reads {window} tokens of a passage and would cut "
                f"off the rest. Set it to {window} or less, or XNAI_ENCODER to an encoder that reads more."
            )
        return ChunkingSpec(Strategy(self.strategy), self.size_tokens, self.overlap_tokens)


class TrackingResource(HomeResource):
    """The MLflow tracking store: a server, or SQLite and files under the home."""

    uri: str | None = Field(default=None, description="Tracking server; unset: mlflow.db under the home.")
    ui_url: str = Field(description="Where people reach the MLflow UI, for links.")

    def tracker(self) -> Tracker:
        """Return the tracker."""
        return tracker_of(self.layout, self.uri)

    def link(self, logged: MlflowRun | ModelVersion | None) -> dg.UrlMetadataValue | None:
        """Return the link to what was logged; None for what was not."""
        return None if logged is None else dg.MetadataValue.url(f"{self.ui_url}/{logged.page}")


class AlertsResource(HomeResource):
    """The log of alerts under the home, and a webhook."""

    ui_url: str = Field(description="Where people reach the Dagster UI, for links.")

    def tell(self, alert: Alert, webhook: SecretStr | None) -> tuple[Delivery, ...]:
        """Send the alert; a delivery that fails is logged and never raises.

        The webhook's address may hold a secret: it is passed in, because the UI shows the config of resources.
        """
        sink = None if webhook is None else WebhookSink(webhook.get_secret_value())
        return send(alert, LogSink(self.layout.alerts), sink)

    def run_page(self, run_id: str) -> str:
        """Return the address of a run's page."""
        return f"{self.ui_url}/runs/{run_id}"


def configured(settings: Settings) -> dict[str, Any]:
    """Return the resources by the names under which assets ask for them."""
    home = str(settings.home)
    return {
        "stores": StoresResource.of(settings),
        "source": SourceResource.of(settings),
        "encoder": EncoderResource.of(settings),
        "chunking": ChunkingResource(
            strategy=settings.chunk_strategy.value,
            size_tokens=settings.chunk_size,
            overlap_tokens=settings.chunk_overlap,
        ),
        "tracking": TrackingResource(home=home, uri=settings.mlflow_uri, ui_url=settings.mlflow_ui_url),
        "alerts": AlertsResource(home=home, ui_url=f"http://{settings.host}:{settings.dagster_port}"),
    }
