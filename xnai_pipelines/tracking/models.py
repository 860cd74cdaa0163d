"""Quantized models: a run of the experiment `xnai/quantization` and a version of the registered model each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from xnai_pipelines.tracking.runs import Experiment, MlflowRun, RunContent

QUANTIZATION = "xnai/quantization"
REGISTERED_MODEL = "xnai-encoder"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version of the registered model `xnai-encoder`, and the run that logged its figures."""

    number: int
    run: MlflowRun

    @property
    def page(self) -> str:
        """The version's page, to be put behind the address of MLflow's UI and a slash."""
        return f"#/models/{REGISTERED_MODEL}/versions/{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which model it is: tags of the run and of the version."""

    vector_space: str
    variant: str
    base_sha256: str
    shipped_bytes: int


def log_model(
    experiment: Experiment,
    model: Identity,
    params: Mapping[str, object],
    metrics: Mapping[str, float],
    card: bytes,
    tags: Mapping[str, str],
) -> ModelVersion:
    """Return the version that `Tracker.log_model` describes."""
    found = find_model(experiment, model.vector_space)
    if found is not None:
        return found
    searched_by = {"kind": "model", "vector_space": model.vector_space}
    run = experiment.find(searched_by)  # logged by a process that was killed before it registered
    if run is None:
        now = datetime.now(UTC)
        run = experiment.log(
            RunContent(
                title=f"{now:%Y-%m-%d %H:%M} {model.variant}",
                measured_at=now,
                params={"variant": model.variant, "base_sha256": model.base_sha256, **params},
                metrics={"bytes": model.shipped_bytes, **metrics},
                files={"card.json": card},
                tags={**tags, **searched_by, "variant": model.variant},
            )
        )
    return _register(experiment, model, run)


def find_model(experiment: Experiment, vector_space: str) -> ModelVersion | None:
    """Return the first version of this vector space, None where it was not registered."""
    with experiment.client() as client:
        found = client.search_model_versions(
            f"name = '{REGISTERED_MODEL}' AND tags.vector_space = '{vector_space}'",
            max_results=1,
            order_by=["version_number ASC"],
        )
        if not found:
            return None
        [version] = found
        # not asked of the run, which a person may have deleted for good
        logged_in = client.get_experiment_by_name(experiment.name)
    experiment_id = "" if logged_in is None else logged_in.experiment_id
    return ModelVersion(int(version.version), MlflowRun(version.run_id or "", experiment_id))


def _register(experiment: Experiment, model: Identity, run: MlflowRun) -> ModelVersion:
    from mlflow.exceptions import MlflowException

    with experiment.client() as client:
        try:
            client.create_registered_model(REGISTERED_MODEL)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        version = client.create_model_version(
            REGISTERED_MODEL,
            # A server takes no source outside the run's own artifacts; the model itself stays where it was built.
            source=client.get_run(run.run_id).info.artifact_uri,
            run_id=run.run_id,
            tags={
                "vector_space": model.vector_space,
                "variant": model.variant,
                "base_sha256": model.base_sha256,
                "bytes": str(model.shipped_bytes),
            },
            await_creation_for=0,  # it is ready at once: nothing is copied
        )
    return ModelVersion(int(version.version), run)
