"""The aliases of the registered model in MLflow mirror the releases; the manifests are the truth."""

import json
import os

from xnai_pipelines.models.logged import find_model, log_model
from xnai_pipelines.releases.logged import mirror_aliases
from xnai_pipelines.state.artefacts import CARD, read_card
from xnai_pipelines.state.context import StageContext
from xnai_pipelines.state.manifest import Release, Releases
from xnai_pipelines.state.tracker import Tracker
from xnai_pipelines.state.writer import held


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
        vector_space=release.vector_space,
        variant=release.variant,
        base_sha256=card["base"]["sha256"],
        shipped_bytes=card["metrics"]["shipped_bytes"],
        params={"base": release.encoder, "adapter": release.adapter or "", "recipe": json.dumps(card["recipe"])},
        metrics=figures,
        card=(folder / CARD).read_bytes(),
        tags={"dagster_run_id": context.run_id, "release": str(release.release)},
    )
