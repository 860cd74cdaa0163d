"""Quantized models: each is a run of the experiment `xnai/quantization` and a version of the registered model."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from xnai_pipelines.state.artefacts import CARD
from xnai_pipelines.state.tracker import Experiment, MlflowRun, RunContent, Tracker

if TYPE_CHECKING:
    from mlflow import MlflowClient

QUANTIZATION = "xnai/quantization"
REGISTERED_MODEL = "xnai-encoder"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version of a registered model, by default `xnai-encoder`, and the run that logged its figures."""

    number: int
    run: MlflowRun
    model: str = REGISTERED_MODEL

    @property
    def page(self) -> str:
        """The version's page, to be appended to the address of MLflow's UI and a slash."""
        return f"#/models/{self.model}/versions/{self.number}"


def registered_model(tracker: Tracker, client: "MlflowClient") -> str:
    """Return the name of the home's registered model.

    It is `xnai-encoder`, followed by the home's id if that is another home's on the same server.
    """
    from mlflow.exceptions import MlflowException

    if tracker.home is None:
        return REGISTERED_MODEL
    try:
        owner = client.get_registered_model(REGISTERED_MODEL).tags.get("home")
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        owner = None
    return REGISTERED_MODEL if owner in (None, tracker.home) else f"{REGISTERED_MODEL}-{tracker.home[:8]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedModel:
    """What is logged of a model.

    Attributes:
        vector_space: Vector space that identifies the model.
        variant: Name of the variant.
        base_sha256: Hash of the weights it was made from.
        shipped_bytes: Size of all files shipped for it; the metric `bytes` and a tag of the version.
        params: Scheme, runtime, base and calibration; `variant` and `base_sha256` are added.
        metrics: Ratio, bits per weight, cosine, seconds.
        card: The artefact's `card.json`.
    """

    vector_space: str
    variant: str
    base_sha256: str
    shipped_bytes: int
    params: Mapping[str, object]
    metrics: Mapping[str, float]
    card: bytes


def log_model(tracker: Tracker, model: LoggedModel, tags: Mapping[str, str]) -> ModelVersion:
    """Log a model to `xnai/quantization`, register it as a version of the home's model and return the version.

    A vector space that is already registered is returned as it is. If a killed process logged it without registering
    it, it is registered with that run. The version's source is the run's artifacts, the card; the model stays in the
    folder of its vector space.

    Args:
        tracker: The MLflow store.
        model: The model and its figures.
        tags: `dagster_run_id` and `release` (the current one's number or ""); `kind`, `vector_space` and
            `variant` are added.

    Raises:
        TrackingUnavailableError: MLflow cannot be reached.
    """
    found = find_model(tracker, model.vector_space)
    if found is not None:
        return found
    now = datetime.now(UTC)
    run = Experiment(QUANTIZATION, tracker).log(
        RunContent(
            title=f"{now:%Y-%m-%d %H:%M} {model.variant}",
            measured_at=now,
            params={"variant": model.variant, "base_sha256": model.base_sha256, **model.params},
            metrics={"bytes": model.shipped_bytes, **model.metrics},
            files={CARD: model.card},
            known_by={"kind": "model", "vector_space": model.vector_space},
            tags={**tags, "variant": model.variant},
        )
    )
    described = {
        "vector_space": model.vector_space,
        "variant": model.variant,
        "base_sha256": model.base_sha256,
        "bytes": str(model.shipped_bytes),
    }
    return _register(tracker, run, described)


def find_model(tracker: Tracker, vector_space: str) -> ModelVersion | None:
    """Return the first version of this vector space, None if it was not registered."""
    with tracker.client() as client:
        model = registered_model(tracker, client)
        found = client.search_model_versions(
            f"name = '{model}' AND tags.vector_space = '{vector_space}'",
            max_results=1,
            order_by=["version_number ASC"],
        )
        if not found:
            return None
        [version] = found
        # not read from the run, which a person may have deleted permanently
        logged_in = client.get_experiment_by_name(QUANTIZATION)
    experiment_id = "" if logged_in is None else logged_in.experiment_id
    return ModelVersion(int(version.version), MlflowRun(version.run_id or "", experiment_id), model)


def _register(tracker: Tracker, run: MlflowRun, tags: dict[str, str]) -> ModelVersion:
    with tracker.client() as client:
        model = _claimed_model(tracker, client)
        version = client.create_model_version(
            model,
            # A server accepts no source outside the run's own artifacts; the model itself stays where it was built.
            source=client.get_run(run.run_id).info.artifact_uri,
            run_id=run.run_id,
            tags=tags,
            await_creation_for=0,  # it is ready immediately: nothing is copied
        )
    return ModelVersion(int(version.version), run, model)


def _claimed_model(tracker: Tracker, client: "MlflowClient") -> str:
    """Return the home's registered model, made if there is none, and tagged as the home's."""
    from mlflow.exceptions import MlflowException

    model = registered_model(tracker, client)
    try:
        client.create_registered_model(model, tags=tracker.tags)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        if registered_model(tracker, client) != model:  # another home made it a moment ago
            return _claimed_model(tracker, client)
        for name, value in tracker.tags.items():  # an earlier version made it
            client.set_registered_model_tag(model, name, value)
    return model
