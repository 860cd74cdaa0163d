"""Dagster and MLflow keep their state in one PostgreSQL server, by the files and variables of the compose file."""

from pathlib import Path

import dagster as dg
import mlflow
import pytest
import yaml
from dagster._core.instance.ref import InstanceRef

from tests.support.pipeline import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"),
]


@pytest.mark.parametrize("folder", ["docker", "deploy/kubernetes/base"])
def test_a_run_and_its_events_are_read_back_by_another_process_of_the_instance(
    folder: str, postgres: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In a cluster too, where a person runs `xnai run` in the pod `code`, which may not ask the cluster anything."""
    for name, value in {**postgres, "XNAI_DAGSTER": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)

    @dg.asset
    def whales() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata={"seen": 3})

    reference = InstanceRef.from_dir(str(ROOT / folder))
    with dg.DagsterInstance.from_ref(reference) as instance:
        assert dg.materialize([whales], instance=instance).success
    with dg.DagsterInstance.from_ref(reference) as another:
        run = next(iter(another.get_runs(limit=1)))
        event = another.get_latest_materialization_event(dg.AssetKey("whales"))
    assert run.status is dg.DagsterRunStatus.SUCCESS
    assert event.asset_materialization.metadata["seen"].value == 3


def test_mlflow_reaches_its_own_database_by_an_address_without_a_password(
    postgres: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    container = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())["services"]["mlflow"]
    for name in container["environment"]:
        monkeypatch.setenv(name, postgres[name])
    (address,) = (part.partition("=")[2] for part in container["command"] if part.startswith("--backend-store-uri="))
    client = mlflow.MlflowClient(tracking_uri=address, registry_uri=address)
    run = client.create_run(client.create_experiment("xnai/retrieval", tmp_path.as_uri()))
    client.log_metric(run.info.run_id, "ndcg_at_10", 0.75)
    client.set_terminated(run.info.run_id)
    (found,) = client.search_runs([run.info.experiment_id], "attributes.status = 'FINISHED'")
    assert found.data.metrics == {"ndcg_at_10": 0.75}
