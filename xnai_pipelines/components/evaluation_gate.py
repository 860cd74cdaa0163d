"""The component `EvaluationGate`: a metric in MLflow that must hold before anything downstream of an asset runs."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import dagster as dg
from pydantic import Field, model_validator

from xnai_pipelines.components.scaffold import write_defs
from xnai_pipelines.errors import TrackingUnavailableError
from xnai_pipelines.state.tracker import Tracker

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

NEWEST_RUNS = 100


class Champion(dg.Model, dg.Resolvable):
    """The model version that is served, whose run logged the same metric."""

    registered_model: str = Field(description="Registered model in MLflow.")
    alias: str = Field(default="champion", description="Alias of the version that is served.")
    max_loss: float = Field(default=0.0, description="Max difference by which the metric may be below the champion's.")
    required: bool = Field(
        default=True,
        description="Whether the check fails while there is no such version with the metric.",
    )


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """Whether a metric holds, and why in one sentence."""

    passed: bool
    reason: str


def judge(metric: str, value: float, floor: float | None, champion: float | None, max_loss: float) -> GateVerdict:
    """Return whether a value reaches the floor and lies at most `max_loss` below the champion's; None is no limit."""
    if not math.isfinite(value):
        return GateVerdict(False, f"{metric} is {value:g}, which is not a measurement.")
    limits = [
        *([] if floor is None else [(floor, f"the floor of {floor:g}")]),
        *([] if champion is None else [(champion - max_loss, f"the champion's {champion:g} less {max_loss:g}")]),
    ]
    missed = [words for limit, words in limits if not value >= limit]  # nothing reaches a limit that is not a number
    if missed:
        return GateVerdict(False, f"{metric} is {value:g}, below {' and '.join(missed)}.")
    reached = " and ".join(words for _, words in limits) or "there is no champion yet, and no floor is set"
    return GateVerdict(True, f"{metric} is {value:g}: {reached}.")


class EvaluationGateScaffolder(dg.Scaffolder):
    """Writes a `defs.yaml` with every field."""

    def scaffold(self, request: dg.ScaffoldRequest[Any]) -> None:
        """Write the file."""
        given = {
            "asset": "my_index",
            "tracking_uri": "http://127.0.0.1:5000",
            "experiment": "retrieval",
            "metric": "ndcg_at_10",
            "floor": 0.7,
        }
        write_defs(request, EvaluationGate, given)


@dg.scaffold_with(EvaluationGateScaffolder)
class EvaluationGate(dg.Component, dg.Model, dg.Resolvable):
    """A check on any asset that passes while a metric logged in MLflow holds.

    The metric is that of the newest finished run of an experiment. It must reach a floor, or the value of the served
    model, or both; larger is better. A blocking check keeps downstream assets from running when it fails. A
    metric that was never logged fails the check.
    """

    asset: str = Field(description="Key of the asset; slashes separate its parts.")
    name: str = Field(default="evaluation_gate", description="Name of the check.")
    tracking_uri: str = Field(description="MLflow: a server's address, or sqlite:////absolute/path/mlflow.db.")
    experiment: str = Field(description="Experiment whose newest finished run is judged.")
    metric: str = Field(description="Name of the metric.")
    filter: str | None = Field(
        default=None, description="Condition on the run in MLflow's syntax, such as tags.index = 'docs'."
    )
    floor: float | None = Field(default=None, description="Min value that passes. Unset: no floor.")
    champion: Champion | None = Field(
        default=None,
        description="The served model, whose value the metric must not fall below. Unset: no comparison. Fields: "
        "registered_model, alias (champion), max_loss (0) and required (true): fail while it has no value.",
    )
    blocking: bool = Field(default=True, description="Whether a failure stops the assets downstream.")

    @model_validator(mode="after")
    def _needs_a_limit(self) -> Self:
        if self.floor is None and self.champion is None:
            raise ValueError("A gate needs a limit. Set floor, champion, or both.")
        return self

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the check."""
        gate = self

        @dg.asset_check(
            asset=dg.AssetKey(self.asset.split("/")),
            name=self.name,
            blocking=self.blocking,
            description=self._sentence(),
        )
        def evaluation_gate() -> dg.AssetCheckResult:
            return gate.result()

        return dg.Definitions(asset_checks=[evaluation_gate])

    def result(self) -> dg.AssetCheckResult:
        """Return whether the metric holds now; it does not while MLflow cannot be reached."""
        try:
            with Tracker(self.tracking_uri, None).client() as client:
                run = self._newest(client)
                champion = None if self.champion is None else self._champions_value(client, self.champion)
        except TrackingUnavailableError as error:
            return dg.AssetCheckResult(passed=False, description=str(error))
        if run is None:
            return dg.AssetCheckResult(
                passed=False,
                description=f"None of the last {NEWEST_RUNS} finished runs of the experiment {self.experiment} logged "
                f"{self.metric}. Log it, or correct experiment, metric and filter.",
            )
        if self.champion is not None and self.champion.required and champion is None:
            return dg.AssetCheckResult(
                passed=False,
                description=f"{self.champion.registered_model}@{self.champion.alias} has no {self.metric} in MLflow. "
                "Correct registered_model, alias and metric, or set required to false until there is a champion.",
            )
        value = run.data.metrics[self.metric]
        max_loss = 0.0 if self.champion is None else self.champion.max_loss
        judged = judge(self.metric, value, self.floor, champion, max_loss)
        shown = {"value": value, "floor": self.floor, "champion": champion, "mlflow_run": run.info.run_id}
        return dg.AssetCheckResult(
            passed=judged.passed,
            description=judged.reason,
            metadata={name: entry for name, entry in shown.items() if entry is not None},
        )

    def _sentence(self) -> str:
        floor = [] if self.floor is None else [f"{self.floor:g}"]
        champion = [] if self.champion is None else [f"what {self.champion.registered_model}@{self.champion.alias} has"]
        return f"{self.metric} in MLflow's experiment {self.experiment} reaches {' and '.join([*floor, *champion])}."

    def _newest(self, client: "MlflowClient") -> "Run | None":
        experiment = client.get_experiment_by_name(self.experiment)
        if experiment is None:
            return None
        finished = "attributes.status = 'FINISHED'"
        runs = client.search_runs(
            [experiment.experiment_id],
            f"{finished} AND {self.filter}" if self.filter else finished,
            max_results=NEWEST_RUNS,
            order_by=["attributes.start_time DESC"],
        )
        return next((run for run in runs if self.metric in run.data.metrics), None)

    def _champions_value(self, client: "MlflowClient", champion: Champion) -> float | None:
        """Return the metric of the champion's run; None before there is a champion, or if its run lacks it."""
        from mlflow.exceptions import MlflowException

        try:
            version = client.get_model_version_by_alias(champion.registered_model, champion.alias)
        except MlflowException as error:
            if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise
            return None
        return client.get_run(version.run_id).data.metrics.get(self.metric) if version.run_id else None
