"""A run that failed is told once, in alerts.jsonl and at the webhook, whose address is written nowhere."""

import json
from pathlib import Path

import dagster as dg
import pytest
from pytest_httpserver import HTTPServer

from tests.support.pipeline import Pipeline, base, command, dagster_of, resource, variables
from tests.support.workplace import Workplace, five_files
from xnai_pipelines.autonomy.alerts.send import LogSink
from xnai_pipelines.defs.autonomy import failed_runs
from xnai_pipelines.encoders.encoder import Encoder

SECRET = "T0-s3cret-B0"


def tell(instance: dg.DagsterInstance, run_id: str) -> None:
    """Tick the sensor on the failure of a run, as the daemon does."""
    run = instance.get_run_by_id(run_id)
    events = [entry.dagster_event for entry in instance.all_logs(run_id) if entry.dagster_event]
    [failure] = [event for event in events if event.is_run_failure]
    context = dg.build_run_status_sensor_context("failed_runs", failure, instance, run).for_run_failure()
    failed_runs(context, base(), resource("alerts"))


@pytest.mark.slow
def test_a_failed_run_is_told_and_the_webhooks_address_is_written_nowhere(
    tmp_path: Path, built_encoder: Encoder, httpserver: HTTPServer
) -> None:
    received = httpserver.expect_oneshot_request(f"/services/{SECRET}", method="POST")
    received.respond_with_data("ok")
    work = five_files(Workplace(tmp_path, built_encoder))
    environment = variables(work, webhook=httpserver.url_for(f"/services/{SECRET}"))
    (tmp_path / "elsewhere").mkdir()
    with dagster_of(environment) as instance:
        work.documents.rename(tmp_path / "elsewhere" / "documents")
        result = Pipeline(work, instance).run("ingest")
        assert not result.success
        for _ in range(2):  # the second time nothing is posted: the server would answer with an error
            tell(instance, result.run_id)
        recorded = repr(instance.get_run_by_id(result.run_id)) + repr(instance.all_logs(result.run_id))
    [record] = [record for record in LogSink(work.home.alerts).tail() if "alert" in record]
    alert = record["alert"]
    assert (alert["kind"], alert["severity"]) == ("run_failure", "error")
    assert alert["title"] == "Run of ingest failed at documents"
    assert alert["link"] == f"http://127.0.0.1:3000/runs/{result.run_id}"
    [(request, _)] = httpserver.log
    assert json.loads(request.data)["alert"] == alert
    status = command(environment, "status")
    assert "Run of ingest failed at documents" in status.out
    assert SECRET not in status.out + status.err + command(environment, "status", "--json").out + recorded
    written = [
        path for path in work.home.root.rglob("*") if path.is_file() and not path.is_relative_to(work.home.models)
    ]
    assert any(path.name == "alerts.jsonl" for path in written)
    assert [str(path) for path in written if SECRET.encode() in path.read_bytes()] == []
