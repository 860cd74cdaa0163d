"""The gate passes while a metric in MLflow holds, and keeps downstream assets from running when it does not."""

import math

import dagster as dg
import pytest
from pydantic import ValidationError

from xnai_pipelines.components.evaluation_gate import Champion, EvaluationGate, judge

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("value", "floor", "champion", "max_loss", "passed", "reason"),
    [
        (0.8, 0.7, None, 0.0, True, "ndcg is 0.8: the floor of 0.7."),
        (0.7, 0.7, None, 0.0, True, "ndcg is 0.7: the floor of 0.7."),
        (0.6, 0.7, None, 0.0, False, "ndcg is 0.6, below the floor of 0.7."),
        (0.78, None, 0.8, 0.02, True, "ndcg is 0.78: the champion's 0.8 less 0.02."),
        (0.77, None, 0.8, 0.02, False, "ndcg is 0.77, below the champion's 0.8 less 0.02."),
        (0.6, 0.7, 0.8, 0.0, False, "ndcg is 0.6, below the floor of 0.7 and the champion's 0.8 less 0."),
        (0.1, None, None, 0.0, True, "ndcg is 0.1: there is no champion yet, and no floor is set."),
        (math.nan, 0.7, 0.8, 0.0, False, "ndcg is nan, which is not a measurement."),
        (math.inf, 0.7, None, 0.0, False, "ndcg is inf, which is not a measurement."),
        (0.9, 0.7, math.nan, 0.0, False, "ndcg is 0.9, below the champion's nan less 0."),
    ],
)
def test_a_value_is_judged_against_floor_and_champion(value, floor, champion, max_loss, passed, reason):
    judged = judge("ndcg", value, floor, champion, max_loss)
    assert (judged.passed, judged.reason) == (passed, reason)


@pytest.fixture
def uri(tmp_path, mlflow_database) -> str:
    (tmp_path / "mlflow.db").write_bytes(mlflow_database.read_bytes())
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


def log(uri: str, value: float, metric: str = "ndcg", status: str = "FINISHED", **tags: str) -> str:
    import mlflow

    client = mlflow.MlflowClient(uri, uri)
    found = client.get_experiment_by_name("search")
    experiment = found.experiment_id if found else client.create_experiment("search", "/nowhere")
    run = client.create_run(experiment, tags=tags).info.run_id
    client.log_metric(run, metric, value)
    client.set_terminated(run, status)
    return run


def crown(uri: str, run: str) -> None:
    """Make the model version that a run made the champion."""
    import mlflow

    client = mlflow.MlflowClient(uri, uri)
    client.create_registered_model("ranker")
    version = client.create_model_version("ranker", "/nowhere", run_id=run)
    client.set_registered_model_alias("ranker", "champion", version.version)


def gate(uri: str, **fields: object) -> EvaluationGate:
    return EvaluationGate(asset="other/index", tracking_uri=uri, experiment="search", metric="ndcg", **fields)


def test_the_newest_finished_run_that_logged_the_metric_is_judged(uri):
    log(uri, 0.9)
    newest = log(uri, 0.6)
    log(uri, 0.9, status="FAILED")
    log(uri, 0.9, metric="recall")
    result = gate(uri, floor=0.7).result()
    assert not result.passed
    assert result.metadata["mlflow_run"].value == newest
    assert gate(uri, floor=0.5).result().passed


def test_a_filter_picks_the_runs(uri):
    log(uri, 0.9, index="docs")
    log(uri, 0.1, index="other")
    assert gate(uri, floor=0.7, filter="tags.index = 'docs'").result().passed
    assert not gate(uri, floor=0.7).result().passed


def test_a_metric_that_was_never_logged_fails_and_says_what_to_do(uri):
    result = gate(uri, floor=0.7).result()
    assert not result.passed
    assert "None of the last 100 finished runs of the experiment search logged ndcg." in result.description
    log(uri, 0.9, metric="recall")
    assert not gate(uri, floor=0.7).result().passed


def test_while_mlflow_cannot_be_reached_the_metric_does_not_hold():
    result = gate("http://127.0.0.1:9", floor=0.1).result()
    assert not result.passed
    assert "MLflow at http://127.0.0.1:9 cannot be used now" in result.description


def test_the_champions_own_value_is_the_limit_once_there_is_a_champion(uri):
    served = log(uri, 0.8)
    log(uri, 0.75)
    against = gate(uri, champion=Champion(registered_model="ranker", max_loss=0.02, required=False))
    assert against.result().passed
    crown(uri, served)
    result = against.result()
    assert not result.passed
    assert result.metadata["champion"].value == 0.8
    assert gate(uri, champion=Champion(registered_model="ranker", max_loss=0.1)).result().passed


def test_a_champion_without_a_value_fails_and_says_what_to_correct(uri):
    log(uri, 0.9)
    result = gate(uri, floor=0.7, champion=Champion(registered_model="rnaker")).result()
    assert not result.passed
    assert result.description.startswith("rnaker@champion has no ndcg in MLflow. Correct registered_model, alias")


def test_a_gate_without_a_limit_is_refused():
    with pytest.raises(ValidationError, match="Set floor, champion, or both"):
        gate("sqlite:///mlflow.db")


def test_as_a_blocking_check_it_keeps_downstream_assets_from_running(uri):
    @dg.asset(key=["other", "index"])
    def index() -> None: ...

    @dg.asset(deps=[["other", "index"]])
    def served() -> None: ...

    def run(check: EvaluationGate) -> set[str]:
        definitions = dg.Definitions.merge(dg.Definitions(assets=[index, served]), check.build_defs(None))
        result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(raise_on_error=False)
        return {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}

    log(uri, 0.6)
    assert run(gate(uri, floor=0.7)) == {"other/index"}
    assert run(gate(uri, floor=0.7, blocking=False)) == {"other/index", "served"}
    assert run(gate(uri, floor=0.5)) == {"other/index", "served"}
