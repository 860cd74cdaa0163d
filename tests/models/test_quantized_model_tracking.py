"""A quantized model is registered once with its run, and a card is logged once, whatever was killed in between."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import mlflow
import pytest

from tests.support.commands import free_port
from tests.support.precision_cards import card, full, variant
from tests.support.tracked_evaluations import log as log_evaluation
from tests.support.tracked_evaluations import tried_connections
from tests.support.waiting import NEVER_SECONDS, until
from xnai_pipelines.adapters.logged import log_adapter
from xnai_pipelines.errors import NotTrackedError, TrackingUnavailableError
from xnai_pipelines.evaluation.logged import past_evaluations, per_question
from xnai_pipelines.models.card.card import VariantChoice
from xnai_pipelines.models.card.logged import log_card
from xnai_pipelines.models.logged import LoggedModel, ModelVersion, log_model
from xnai_pipelines.releases.logged import aliases, mirror_aliases
from xnai_pipelines.state.tracker import Tracker

# MLflow's own mapping of its tables, with SQLAlchemy 2.1.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning")

TAGS = {"dagster_run_id": "run-7", "release": ""}  # nothing was released yet
METRICS = {"ratio": 7.4, "bits_per_weight": 4.3, "cosine": 0.988, "seconds": 21.5}
MEASURED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def log(tracker, vector_space="space-1", variant="int4_gptq"):
    return log_model(
        tracker,
        LoggedModel(
            vector_space=vector_space,
            variant=variant,
            base_sha256="53aa",
            shipped_bytes=12_300_000,
            params={"scheme": "gptq 4 bits, group 32", "serving": "int8_dynamic", "calibration_sha256": ""},
            metrics=METRICS,
            card=b'{"variant": "int4_gptq"}',
        ),
        tags=TAGS,
    )


def a_card(tracker, made_at=MEASURED_AT, fingerprint="f1"):
    made = card(full(), variant("int4_gptq", 7.4, loss=0.004))
    return log_card(tracker, replace(made, made_at=made_at), fingerprint=fingerprint, plot=b"\x89PNG", tags=TAGS)


def store(database):
    return mlflow.MlflowClient(f"sqlite:///{database}")


def versions(client):
    return client.search_model_versions("name = 'xnai-encoder'")


def statuses(client):
    experiment = client.get_experiment_by_name("xnai/quantization")
    return [run.info.status for run in client.search_runs([experiment.experiment_id])]


def test_a_model_is_logged_and_registered_with_its_run(tracker, database, tmp_path):
    logged = log(tracker)
    client = store(database)
    run = client.get_run(logged.run.run_id)
    assert run.info.status == "FINISHED"
    assert client.get_experiment(logged.run.experiment_id).name == "xnai/quantization"
    assert run.data.metrics == METRICS | {"bytes": 12_300_000}
    assert run.data.params == {
        "variant": "int4_gptq",
        "base_sha256": "53aa",
        "scheme": "gptq 4 bits, group 32",
        "serving": "int8_dynamic",
        "calibration_sha256": "",
    }
    expected = TAGS | {"vector_space": "space-1", "variant": "int4_gptq", "kind": "model"}
    assert {name: value for name, value in run.data.tags.items() if not name.startswith("mlflow.")} == expected
    folder = tmp_path / "artifacts" / "xnai" / "quantization" / logged.run.run_id / "artifacts"
    assert (folder / "card.json").read_bytes() == b'{"variant": "int4_gptq"}'

    [version] = versions(client)
    assert (version.version, version.run_id) == (logged.number, logged.run.run_id)
    assert version.source == folder.as_uri()
    assert version.tags == {
        "vector_space": "space-1", "variant": "int4_gptq", "base_sha256": "53aa", "bytes": "12300000",
    }  # fmt: skip
    assert (logged.number, logged.page) == (1, "#/models/xnai-encoder/versions/1")


def test_a_vector_space_is_registered_once(tracker, database):
    first, other = log(tracker), log(tracker, "space-2", "rate_12x")
    assert log(tracker) == first
    assert log(tracker, "space-2", "rate_12x") == other
    assert (first.number, other.number) == (1, 2)
    assert statuses(store(database)) == ["FINISHED", "FINISHED"]


def test_a_process_killed_between_logging_and_registering_leaves_a_run_that_the_next_registers(tracker, database):
    with (
        mock.patch.object(mlflow.MlflowClient, "create_model_version", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        log(tracker)
    client = store(database)
    assert versions(client) == []
    registered = log(tracker)
    assert statuses(client) == ["FINISHED"]
    assert [version.run_id for version in versions(client)] == [registered.run.run_id]


def test_a_run_that_failed_half_way_is_not_registered(tracker, database):
    with (
        mock.patch.object(mlflow.MlflowClient, "log_artifacts", side_effect=OSError("No space left on device")),
        pytest.raises(TrackingUnavailableError, match="No space left on device"),
    ):
        log(tracker)
    client = store(database)
    assert (statuses(client), versions(client)) == (["FAILED"], [])
    registered = log(tracker)
    assert client.get_run(registered.run.run_id).info.status == "FINISHED"
    assert len(versions(client)) == 1


def test_a_version_that_a_person_deleted_is_registered_again_with_its_run(tracker, database):
    first = log(tracker)
    client = store(database)
    client.delete_model_version("xnai-encoder", str(first.number))
    again = log(tracker)
    assert again.run == first.run
    assert [version.version for version in versions(client)] == [again.number]


def test_a_version_is_found_whose_run_a_person_deleted(tracker, database):
    first = log(tracker)
    store(database).delete_run(first.run.run_id)
    assert log(tracker) == first


def test_a_model_that_could_not_be_logged_is_logged_later(tracker, database):
    with closing(sqlite3.connect(database)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(TrackingUnavailableError, match="database is locked"):
            log(tracker)
        other.rollback()
    assert log(tracker).number == 1


def test_a_server_that_is_down_is_reported_soon():
    with tried_connections() as tries, pytest.raises(TrackingUnavailableError, match="Connection refused"):
        log(Tracker("http://127.0.0.1:9", None))
    assert tries.call_count == 2


def test_a_card_is_read_back_whole(tracker, database, tmp_path):
    logged = a_card(tracker)
    run = store(database).get_run(logged.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["int4_gptq.ndcg_loss"] == pytest.approx(0.004)
    assert (run.data.metrics["int4_gptq.ratio"], run.data.metrics["fp32.ratio"]) == (7.4, 1.0)
    assert run.data.params["questions"] == card(full()).origin
    assert (TAGS | {"vector_space": "", "kind": "card", "fingerprint": "f1"}).items() <= run.data.tags.items()
    folder = tmp_path / "artifacts" / "xnai" / "quantization" / logged.run_id / "artifacts"
    assert {path.name for path in folder.iterdir()} == {"card.json", "card.md", "pareto.png"}
    assert json.loads((folder / "card.json").read_text())["variants"][1]["ratio"] == 7.4


def test_a_card_is_found_again_and_another_is_not_taken_for_it(tracker):
    log(tracker)
    logged = a_card(tracker)
    assert a_card(tracker) == logged
    later = a_card(tracker, MEASURED_AT + timedelta(days=1))
    assert len({logged, later, a_card(tracker, fingerprint="f2")}) == 3


def test_a_card_of_the_same_vector_space_is_not_registered_as_a_model(tracker):
    chosen = VariantChoice("int4_gptq", "space-1", (), {})
    logged = log_card(tracker, replace(card(full()), choice=chosen), fingerprint="f1", plot=b"", tags=TAGS)
    assert log(tracker).run != logged


@pytest.fixture(scope="module")
def server(mlflow_database, tmp_path_factory):
    """A tracking server's address, on a database of its own."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(mlflow_database, folder)
    port = free_port()
    command = [str(Path(sys.executable).with_name("mlflow")), "server", "--host", "127.0.0.1", "--port", str(port)]
    storage = [
        *("--backend-store-uri", f"sqlite:///{folder / mlflow_database.name}"),
        *("--artifacts-destination", (folder / "kept").as_uri()),
    ]
    with (folder / "server.log").open("w") as said, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", str(round(NEVER_SECONDS)))  # read by MLflow at each request
        environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # started sooner
        process = subprocess.Popen([*command, *storage, "--workers", "1"], stdout=said, stderr=said, env=environment)
        try:
            address = f"http://127.0.0.1:{port}"
            until(lambda: process.poll() is not None or _is_healthy(address))
            assert process.poll() is None, (folder / "server.log").read_text()
            yield address
        finally:
            process.terminate()
            process.wait()


def _is_healthy(address):
    try:
        with urllib.request.urlopen(f"{address}/health"):  # noqa: S310
            return True
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.e2e
def test_a_server_accepts_what_is_registered_and_gives_it_back(server, tmp_path):
    over_http = Tracker(server, None, timeout_seconds=NEVER_SECONDS)
    first = log(over_http)
    assert log(over_http) == first == ModelVersion(1, first.run)
    client = mlflow.MlflowClient(server)
    [version] = versions(client)
    assert version.source.startswith("mlflow-artifacts:/")
    assert version.tags["vector_space"] == "space-1"
    stored = client.download_artifacts(first.run.run_id, "card.json", str(tmp_path))
    assert Path(stored).read_bytes() == b'{"variant": "int4_gptq"}'
    logged = a_card(over_http)
    assert a_card(over_http) == logged
    assert mirror_aliases(over_http, champion="space-1", challenger=None) == {"champion": "space-1"}
    assert mirror_aliases(over_http, champion="space-1", challenger=None) == {}
    assert mirror_aliases(over_http, champion=None, challenger=None) == {"champion": None}
    assert aliases(over_http) == {}


@pytest.mark.slow
@pytest.mark.e2e
def test_a_server_gives_the_rows_of_an_evaluation_and_the_curve_of_an_adapter(server, evaluation):
    over_http = Tracker(server, None, timeout_seconds=NEVER_SECONDS)
    log_evaluation(over_http, evaluation)
    [past] = past_evaluations(over_http, 10)
    assert per_question(over_http, past.run_id).equals(evaluation.per_question)
    with pytest.raises(NotTrackedError, match="has no per_question"):
        per_question(over_http, "0" * 32)
    logged = log_adapter(
        over_http,
        adapter_id="a1",
        params={},
        curve=[(step, {"loss": 1 / step}) for step in range(1, 1501)],
        metrics={},
        files={},
        tags={},
    )
    assert len(mlflow.MlflowClient(server).get_metric_history(logged.run_id, "loss")) == 1500
