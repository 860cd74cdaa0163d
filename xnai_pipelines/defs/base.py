"""A knowledge base in a code location: what its definitions are built from, and what they are called.

Two of them live side by side: nothing below `defs/` reads the process's settings, and everything with a name gets it
here. A function asks for a resource by the plain name of a parameter (`stores`); Dagster makes the parameter's name the
resource's key and cannot rename it, so `Base.bound` gives Dagster the function with its parameters renamed.
"""

import functools
import hashlib
import inspect
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from pydantic import ConfigDict, Field

from xnai_pipelines.defs.resources import configured
from xnai_pipelines.defs.runs import HOME_TAG
from xnai_pipelines.settings import Settings
from xnai_pipelines.state.layout import Home

JOINT = "__"  # as Dagster joins the parts of an asset key to the name of an op


class Schedules(dg.Model, dg.Resolvable):
    """When the scheduled jobs run, as cron expressions; None leaves a schedule out."""

    model_config = ConfigDict(frozen=True)

    evaluation: str | None = Field(
        default="30 2 * * *", description="Measures retrieval, even if nothing changed, to detect drops."
    )
    sources: str | None = Field(
        default="0 1 * * *", description="Fetches changes from repositories, buckets and sites, then refreshes."
    )
    maintenance: str | None = Field(
        default="0 4 * * 0", description="Compacts the tables and removes what no release needs."
    )
    quantization: str | None = Field(
        default="0 3 * * 6", description="Rebuilds the variants if the corpus or the base weights changed."
    )
    health: str | None = Field(default="30 4 * * *", description="Inspects the documents themselves.")
    backup: str | None = Field(default="30 0 * * *", description="Backs up the home if XNAI_BACKUP_TO is set.")
    restore_drill: str | None = Field(
        default="0 5 * * 0", description="Restores the newest backup as a test if XNAI_BACKUP_TO is set."
    )


@dataclass(frozen=True)
class Base:
    """A knowledge base in a code location.

    Attributes:
        settings: What everything below is configured by.
        prefix: First parts of every asset key, and of every other name.
        group: Group of all assets; None groups them by what they are for.
        owners: Owners of all assets: email addresses, or "team:name".
        schedules: When the scheduled jobs run.
        running: Whether schedules and sensors run as soon as the code location is first loaded.
    """

    settings: Settings
    prefix: tuple[str, ...] = ()
    group: str | None = None
    owners: tuple[str, ...] = ("team:platform",)
    schedules: Schedules = field(default_factory=Schedules)
    running: bool = True

    def name(self, local: str) -> str:
        """Return the name of a job, an op, a schedule, a sensor, a group or a resource in the code location."""
        return JOINT.join([*self.prefix, local])

    def key(self, local: str) -> dg.AssetKey:
        """Return the key of an asset; slashes separate its parts."""
        return dg.AssetKey([*self.prefix, *local.split("/")])

    @functools.cached_property
    def resources(self) -> dict[str, Any]:
        """The resources, by their keys in the code location."""
        return {self.name(local): resource for local, resource in configured(self.settings).items()}

    @property
    def home(self) -> Home:
        """The folder of all state."""
        return Home(self.settings.home)

    @property
    def pool(self) -> str:
        """The pool of what writes to the tables."""
        return "/".join([*self.prefix, "lancedb"])

    @property
    def run_tags(self) -> dict[str, str]:
        """Tags of every run, by which this home's runs are told from others in the same Dagster instance."""
        return {HOME_TAG: str(self.settings.home)}

    def asset(
        self,
        function: Callable[..., dg.MaterializeResult[None]],
        *,
        group: str,
        version: Sequence[object],
        key: str | None = None,
        deps: Iterable[str] = (),
        metadata: Mapping[str, Any] | None = None,
        given: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> dg.AssetsDefinition:
        """Return the asset that the function materializes.

        Args:
            function: Returns what the asset shows. Its name is the asset's unless `key` is given.
            group: Group of the asset unless the base has one for all.
            version: What the content depends on beside the assets that are read: a number, raised when the code makes
                something else of the same input, and settings. A change shows the asset as out of date.
            key: Key within the base.
            deps: Keys within the base of the assets that are read.
            metadata: What the definition shows, beside a link to the function.
            given: Values of parameters that are neither resources nor Dagster's.
            options: Other arguments of `dg.asset`.
        """
        define: Callable[..., dg.AssetsDefinition] = dg.asset(
            key=self.key(key or function.__name__),
            deps=[self.key(dep) for dep in deps],
            group_name=self.group or self.name(group),
            owners=list(self.owners),
            code_version=hashlib.sha256(repr(version).encode()).hexdigest()[:12],
            metadata={**(metadata or {}), **_source(function)},
            **options,
        )
        return define(self.bound(function, **(given or {})))

    def check(
        self,
        function: Callable[..., dg.AssetCheckResult],
        asset: str,
        *,
        blocking: bool = False,
        given: Mapping[str, Any] | None = None,
    ) -> dg.AssetChecksDefinition:
        """Return the check of an asset that is called as the function is."""
        define = dg.asset_check(asset=self.key(asset), name=function.__name__, blocking=blocking)
        return define(self.bound(function, **(given or {})))

    def asset_job(
        self, name: str, assets: Iterable[str], *, tags: Mapping[str, str] | None = None, **options: Any
    ) -> Any:
        """Return the job that materializes the assets, in one process: the imports are paid once."""
        return dg.define_asset_job(
            self.name(name),
            selection=dg.AssetSelection.assets(*(self.key(asset) for asset in assets)),
            tags={**self.run_tags, **(tags or {})},
            executor_def=dg.in_process_executor,
            **options,
        )

    def op_job(self, name: str, function: Callable[..., None], *, description: str) -> dg.JobDefinition:
        """Return the job that calls the function, which writes to the tables."""
        op = dg.op(name=self.name(function.__name__), pool=self.pool)(self.bound(function))
        graph = dg.GraphDefinition(name=self.name(name), node_defs=[op])
        return graph.to_job(
            name=self.name(name),
            description=description,
            tags=self.run_tags,
            # bound here: Dagster would otherwise copy the job, and with it each sensor that names it
            resource_defs=self.resources,
            executor_def=dg.in_process_executor,
        )

    @property
    def sensor_status(self) -> dg.DefaultSensorStatus:
        """Whether sensors run as soon as the code location is first loaded."""
        return dg.DefaultSensorStatus.RUNNING if self.running else dg.DefaultSensorStatus.STOPPED

    def sensor(
        self, function: Callable[..., Any], *, every_seconds: int, description: str, jobs: Sequence[Any] | None = None
    ) -> dg.SensorDefinition:
        """Return the sensor that calls the function, which may ask for runs of the jobs."""
        define = dg.sensor(
            name=self.name(function.__name__),
            jobs=jobs,
            minimum_interval_seconds=every_seconds,
            default_status=self.sensor_status,
            description=description,
        )
        return define(self.bound(function))

    def bound(self, function: Callable[..., Any], **given: Any) -> Callable[..., Any]:
        """Return the function as Dagster is given it: resources asked for under the base's names for them.

        A parameter `base` receives this object, and those in `given` their values; Dagster sees neither.
        """
        signature = inspect.signature(function)
        values = {**({"base": self} if "base" in signature.parameters else {}), **given}
        plain, asked = {}, []
        for parameter in signature.parameters.values():
            if parameter.name in values:
                continue
            if _is_resource(parameter.annotation):
                plain[self.name(parameter.name)] = parameter.name
                parameter = parameter.replace(name=self.name(parameter.name))
            asked.append(parameter)

        @functools.wraps(function)
        def call(*positional: Any, **named: Any) -> Any:
            return function(*positional, **values, **{plain.get(name, name): value for name, value in named.items()})

        call.__signature__ = signature.replace(parameters=asked)  # type: ignore[attr-defined]
        call.__annotations__ = {parameter.name: parameter.annotation for parameter in asked}
        call.__annotations__["return"] = signature.return_annotation
        return call


def _is_resource(annotation: object) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, dg.ConfigurableResource)


def _source(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the metadata by which the UI links an asset to its function."""
    code = function.__code__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        here = dg.LocalFileCodeReference(file_path=code.co_filename, line_number=code.co_firstlineno)
        return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[here])}
