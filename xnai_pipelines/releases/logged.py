"""The aliases champion and challenger of the registered model mirror the releases; the manifests are the truth."""

import json
import os
from typing import Literal

from xnai_pipelines.errors import NotTrackedError
from xnai_pipelines.models.logged import REGISTERED_MODEL, LoggedModel, find_model, log_model, registered_model
from xnai_pipelines.state.artefacts import CARD, read_card
from xnai_pipelines.state.context import StageContext
from xnai_pipelines.state.locks import held
from xnai_pipelines.state.manifest import Release, Releases
from xnai_pipelines.state.tracker import Tracker


def mirror_releases(context: StageContext, tracker: Tracker) -> None:
    """Point the alias champion at the current release's model and challenger at the challenger's; register both.

    Raises:
        ReleaseError: Nothing is released yet.
        TrackingUnavailableError: MLflow cannot be reached; the next call catches up.
    """
    releases = Releases(context.home.releases)
    # two processes that register a model at the same time would make two versions
    with held(context.home, "aliases.lock", f"process {os.getpid()}", context.progress.say):
        champion, challenger = releases.require(), releases.challenger()
        for release in (champion, challenger):
            if release is not None and find_model(tracker, release.vector_space) is None:
                _register(context, tracker, release)
        mirror_aliases(
            tracker, champion=champion.vector_space, challenger=challenger.vector_space if challenger else None
        )


def _register(context: StageContext, tracker: Tracker, release: Release) -> None:
    folder = context.home.models / release.vector_space
    card = read_card(folder)
    figures = {name: value for name, value in card["metrics"].items() if name.startswith(("ratio", "cosine"))}
    log_model(
        tracker,
        LoggedModel(
            vector_space=release.vector_space,
            variant=release.variant,
            base_sha256=card["base"]["sha256"],
            shipped_bytes=card["metrics"]["shipped_bytes"],
            params={"base": release.encoder, "adapter": release.adapter or "", "recipe": json.dumps(card["recipe"])},
            metrics=figures,
            card=(folder / CARD).read_bytes(),
        ),
        tags={"dagster_run_id": context.run_id, "release": str(release.release)},
    )


Alias = Literal["champion", "challenger"]


def aliases(tracker: Tracker) -> dict[Alias, str]:
    """Return the vector space of each alias that is set, "" for a version without one."""
    from mlflow.exceptions import MlflowException

    with tracker.client() as client:
        model = registered_model(tracker, client)
        try:
            numbers = client.get_registered_model(model).aliases
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return {}
        ours: tuple[Alias, ...] = ("champion", "challenger")
        return {
            alias: client.get_model_version(model, numbers[alias]).tags.get("vector_space", "")
            for alias in ours
            if alias in numbers
        }


def mirror_aliases(tracker: Tracker, *, champion: str | None, challenger: str | None) -> dict[Alias, str | None]:
    """Make the aliases match the releases and return what changed: vector spaces, None for removed.

    Other aliases and models are left alone.

    Args:
        tracker: The MLflow store.
        champion: Vector space that answers; None if nothing is released.
        challenger: Vector space that may follow it; None if there is none.

    Raises:
        NotTrackedError: A vector space has no version; nothing was changed.
    """
    now = aliases(tracker)
    wanted: dict[Alias, str | None] = {"champion": champion, "challenger": challenger}
    changes = {alias: space for alias, space in wanted.items() if now.get(alias) != space}
    numbers = {space: _number(tracker, space) for space in changes.values() if space is not None}
    with tracker.client() as client:
        model = registered_model(tracker, client)
        for alias, space in changes.items():
            if space is None:
                client.delete_registered_model_alias(model, alias)
            else:
                client.set_registered_model_alias(model, alias, numbers[space])
    return changes


def _number(tracker: Tracker, vector_space: str) -> str:
    version = find_model(tracker, vector_space)
    if version is None:
        raise NotTrackedError(
            f"MLflow's model {REGISTERED_MODEL} has no version for the vector space {vector_space}. Log the model "
            "before naming it champion or challenger."
        )
    return str(version.number)
