"""Checks of the challenger and of the release: sound vectors, one vector space, and MLflow as the manifests say."""

import dagster as dg

from xnai_pipelines.defs.embeddings.checks import soundness
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.defs.resources.tracking import TrackingResource
from xnai_pipelines.releases.logged import aliases
from xnai_pipelines.state.manifest import Releases


@dg.asset_check(asset="challenger_index", blocking=True)
def challenger_vectors_are_sound(stores: StoresResource) -> dg.AssetCheckResult:
    """Every vector of the challenger's table is finite, of unit length, and of its vector space."""
    challenger = Releases(stores.layout.releases).challenger()
    if challenger is None:
        return dg.AssetCheckResult(passed=False, description="The challenger's manifest is missing.")
    return soundness(stores.tables, challenger)


@dg.asset_check(asset="release")
def aliases_mirror_the_releases(stores: StoresResource, tracking: TrackingResource) -> dg.AssetCheckResult:
    """The aliases champion and challenger in MLflow name the vector spaces that the manifests name."""
    releases = Releases(stores.layout.releases)
    champion, challenger = releases.require(), releases.challenger()
    wanted = {"champion": champion.vector_space} | ({"challenger": challenger.vector_space} if challenger else {})
    found = {str(alias): space for alias, space in aliases(tracking.tracker()).items()}
    return dg.AssetCheckResult(
        passed=found == wanted, severity=dg.AssetCheckSeverity.WARN, metadata={"mlflow": found, "manifests": wanted}
    )
