"""An adapter and its comparison are logged once, with curves, and say what became of them."""

from unittest import mock

import mlflow
import pytest

from xnai_pipelines.adapters.logged import find_adapter, log_adapter, log_comparison, tag_adapter
from xnai_pipelines.errors import NotTrackedError, TrackingUnavailableError

# MLflow's own mapping of its tables, with SQLAlchemy 2.1.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning")

TAGS = {"dagster_run_id": "run-7", "release": "3"}


def an_adapter(tracker, adapter_id="a1", steps=3):
    return log_adapter(
        tracker,
        adapter_id=adapter_id,
        params={"rank": 16, "alpha": 32, "pairs_sha256": "77ff"},
        curve=[
            (step, {"loss": 1 / step, "learning_rate": 0.0, **({"validation_loss": 0.5} if step == 2 else {})})
            for step in range(1, 1 + steps)
        ],
        metrics={"seconds": 61.5, "pairs": 600},
        files={"card.json": b"{}", "curve.png": b"\x89PNG"},
        tags=TAGS,
    )


def a_comparison(tracker, fingerprint="c1", decision="rejected"):
    return log_comparison(
        tracker,
        adapter_id="a1",
        fingerprint=fingerprint,
        decision=decision,
        metrics={"vector.ndcg_at_10.gain": 0.031},
        files={"comparison.json": b"{}"},
        tags=TAGS | {"vector_space": "v2"},
    )


def store(database):
    return mlflow.MlflowClient(f"sqlite:///{database}")


def runs(database):
    client = store(database)
    return client.search_runs([client.get_experiment_by_name("xnai/adaptation").experiment_id])


@pytest.mark.slow
def test_an_adapter_is_read_back_with_its_curves(tracker, database, tmp_path):
    logged = an_adapter(tracker)
    client = store(database)
    run = client.get_run(logged.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params == {"rank": "16", "alpha": "32", "pairs_sha256": "77ff"}
    assert run.data.metrics["seconds"] == 61.5
    assert [(one.step, one.value) for one in client.get_metric_history(logged.run_id, "loss")] == [
        (1, 1.0), (2, 0.5), (3, pytest.approx(1 / 3)),
    ]  # fmt: skip
    assert [(one.step, one.value) for one in client.get_metric_history(logged.run_id, "validation_loss")] == [(2, 0.5)]
    assert (TAGS | {"kind": "adapter", "adapter": "a1"}).items() <= run.data.tags.items()
    folder = tmp_path / "artifacts" / "xnai" / "adaptation" / logged.run_id / "artifacts"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"card.json": b"{}", "curve.png": b"\x89PNG"}


def test_an_adapter_is_logged_once(tracker, database):
    first, other = an_adapter(tracker), an_adapter(tracker, "a2")
    assert an_adapter(tracker) == first == find_adapter(tracker, "a1")
    assert an_adapter(tracker, "a2") == other
    assert len(runs(database)) == 2


def test_an_adapter_whose_logging_failed_half_way_is_logged_again(tracker, database):
    with (
        mock.patch.object(mlflow.MlflowClient, "log_artifacts", side_effect=OSError("No space left on device")),
        pytest.raises(TrackingUnavailableError, match="No space left on device"),
    ):
        an_adapter(tracker)
    assert find_adapter(tracker, "a1") is None
    an_adapter(tracker)
    assert sorted(run.info.status for run in runs(database)) == ["FAILED", "FINISHED"]


def test_a_curve_of_more_figures_than_mlflow_takes_at_once_is_logged_whole(tracker, database):
    logged = an_adapter(tracker, steps=700)
    history = store(database).get_metric_history(logged.run_id, "loss")
    assert [one.step for one in history] == list(range(1, 701))


def test_a_decision_is_written_on_the_adapters_run_and_may_change(tracker, database):
    logged = an_adapter(tracker)
    a_comparison(tracker)
    assert tag_adapter(tracker, "a1", {"decision": "rejected", "reason": "not better"}) == logged
    tag_adapter(tracker, "a1", {"decision": "promoted"})
    tags = store(database).get_run(logged.run_id).data.tags
    assert (tags["decision"], tags["reason"]) == ("promoted", "not better")


def test_an_adapter_that_was_not_logged_cannot_be_tagged(tracker):
    with pytest.raises(NotTrackedError, match="no run of adapter a1"):
        tag_adapter(tracker, "a1", {"decision": "rejected"})


def test_a_comparison_is_logged_once_with_its_decision(tracker, database):
    adapter, logged = an_adapter(tracker), a_comparison(tracker)
    assert a_comparison(tracker) == logged
    assert a_comparison(tracker, "c2", "promoted") not in (logged, adapter)
    run = store(database).get_run(logged.run_id)
    assert run.data.metrics == {"vector.ndcg_at_10.gain": 0.031}
    expected = TAGS | {"vector_space": "v2", "kind": "comparison", "adapter": "a1", "fingerprint": "c1"}
    assert (expected | {"decision": "rejected"}).items() <= run.data.tags.items()
    assert len(runs(database)) == 3
