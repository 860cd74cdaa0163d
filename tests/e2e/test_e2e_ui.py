"""`xnai ui` serves the real thing: a run started in the browser does its work and is seen, and stopping leaves nothing.

The tests of this file are one story, in order: the servers start once.
"""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import free_port
from tests.support.pipeline import ROOT, dagster_of, variables, xnai
from tests.support.waiting import NEVER_SECONDS, until
from tests.support.workplace import Workplace, five_files
from xnai_pipelines.encoders.encoder import Encoder

pytestmark = [pytest.mark.slow, pytest.mark.e2e]

# The servers start and stop in their own time on a busy machine: none is given up, and none is killed.
UI = f"""
from xnai_pipelines.cli import servers
from xnai_pipelines.cli import main
servers.START_SECONDS = servers.STOP_SECONDS = {NEVER_SECONDS}
main()
"""
SCHEDULED = "dagster/schedule_name"  # tag of runs that are none of these tests: their hour may have come
JOB = {"repositoryLocationName": "xnai_pipelines", "repositoryName": "__repository__", "jobName": "refresh"}


def taken(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Ui:
    """The servers of a home, as `xnai ui` started them."""

    work: Workplace
    environment: dict[str, str]
    process: subprocess.Popen[str]
    ports: dict[str, int]

    def ask(self, query: str, **given: Any) -> dict[str, Any]:
        """Return the answer of Dagster's GraphQL."""
        body = json.dumps({"query": query, "variables": given}).encode()
        url = f"http://127.0.0.1:{self.ports['dagster_port']}/graphql"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            answered = json.load(answer)
        assert "errors" not in answered, answered["errors"]
        return answered["data"]

    def launch(self) -> str:
        """Start the job as the button of the Launchpad does; return the run."""
        launched = self.ask(
            "mutation($run: ExecutionParams!) { launchRun(executionParams: $run) {"
            " __typename ... on LaunchRunSuccess { run { runId } } } }",
            run={"selector": JOB, "runConfigData": {}},
        )["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return launched["run"]["runId"]

    def status(self, run_id: str) -> str:
        return self.ask("query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }", id=run_id)[
            "runOrError"
        ]["status"]


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Iterator[Ui]:
    work = Workplace(tmp_path_factory.mktemp("ui"), built_encoder)
    ports = {name: free_port() for name in ("dagster_port", "mlflow_port", "code_port", "service_port")}
    environment = variables(work, **ports)
    process = subprocess.Popen(
        [sys.executable, "-c", UI, "ui"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        said: list[str] = []
        while not said or "Ctrl-C" not in said[-1]:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            said.append(line)
        assert f"http://127.0.0.1:{ports['dagster_port']}" in said[0]
        assert f"http://127.0.0.1:{ports['mlflow_port']}" in said[1]
        assert f"http://127.0.0.1:{ports['service_port']}" in said[2]
        yield Ui(work, environment, process, ports)
    finally:
        process.terminate()
        process.communicate()


REFRESHED = {
    "mirrored_sources", "crawled_pages", "documents", "chunks", "embeddings", "questions", "ranking_policy",
    "retrieval_evaluation", "graph_evaluation", "answer_evaluation", "drift_report", "mentions", "entities",
    "relations", "communities",
}  # fmt: skip
RETRAINED = {
    "training_pairs", "lora_adapter", "adapted_encoder", "challenger_index", "adapter_evaluation",
    "promotion_decision", "release",
}  # fmt: skip
UNCHECKED = {
    "ranking_policy", "drift_report", "graph_evaluation", "adapter_evaluation", "promotion_decision", "home_backup",
    "mentions", "entities", "relations", "language_model_evaluation",
}  # fmt: skip  # they state, and nothing follows from them; the graph is checked as a whole, a backup by its drill


def test_the_graph_is_there(ui):
    nodes = ui.ask("{ assetNodes { assetKey { path } description hasAssetChecks } }")["assetNodes"]
    assert {node["assetKey"]["path"][0] for node in nodes} == {
        *REFRESHED, *RETRAINED, "encoder_onnx", "calibration_texts", "quantized_models", "precision_card",
        "candidate_encoder", "encoder_card", "document_health", "home_backup", "restore_drill",
        "language_model_evaluation",
    }  # fmt: skip
    assert all(node["description"] for node in nodes)
    assert {node["assetKey"]["path"][0] for node in nodes if not node["hasAssetChecks"]} == UNCHECKED


def test_the_launchpad_refuses_a_field_that_does_not_exist(ui):
    refused = ui.ask(
        "query($job: PipelineSelector!, $config: RunConfigData) {"
        ' isPipelineConfigValid(pipeline: $job, mode: "default", runConfigData: $config) {'
        " __typename ... on RunConfigValidationInvalid { errors { message } } } }",
        job={**{k: v for k, v in JOB.items() if k != "jobName"}, "pipelineName": "refresh"},
        config={"ops": {"documents": {"config": {"hurry": True}}}},
    )["isPipelineConfigValid"]
    assert "hurry" in refused["errors"][0]["message"]
    assert "retry_quarantined" in refused["errors"][0]["message"]


def test_a_run_launched_in_the_browser_succeeds_and_is_seen_on_the_assets(ui):
    five_files(ui.work)  # not before: the sensor on the folder would ask for a run of its own
    run_id = ui.launch()
    assert (
        until(lambda: ended if (ended := ui.status(run_id)) in ("SUCCESS", "FAILURE", "CANCELED") else None)
        == "SUCCESS"
    )
    nodes = ui.ask(
        "{ assetNodes { assetKey { path } assetMaterializations(limit: 1) { runId metadataEntries { label"
        " ... on IntMetadataEntry { intValue } ... on UrlMetadataEntry { url } } } assetChecksOrError {"
        " ... on AssetChecks { checks { name executionForLatestMaterialization { status } } } } } }"
    )["assetNodes"]
    shown, checked = {}, {}
    for node in nodes:
        if node["assetKey"]["path"][0] not in REFRESHED:
            continue
        [materialization] = node["assetMaterializations"]
        assert materialization["runId"] == run_id
        shown[node["assetKey"]["path"][0]] = {entry["label"]: entry for entry in materialization["metadataEntries"]}
        for check in node["assetChecksOrError"]["checks"]:
            checked[check["name"]] = check["executionForLatestMaterialization"]["status"]
    assert shown["documents"]["dagster/row_count"]["intValue"] == 4
    assert shown["embeddings"]["dagster/row_count"]["intValue"] == shown["chunks"]["dagster/row_count"]["intValue"]
    reviewed = json.loads((ROOT / "tests/defs/graph.json").read_text())["checks"]
    assert checked.keys() == {name.partition("/")[2] for name in reviewed if name.partition("/")[0] in REFRESHED}
    assert {name for name, status in checked.items() if status != "SUCCEEDED"} == {"quarantine_rate"}
    page = shown["retrieval_evaluation"]["mlflow_run"]["url"]
    assert page.startswith(f"http://127.0.0.1:{ui.ports['mlflow_port']}/#/experiments/")
    ui.work.check_whole()


def test_mlflow_shows_the_evaluation_of_the_run(ui):
    kept = json.loads((ui.work.home.state / "evaluation.json").read_text())["mlflow_run"]["run_id"]
    url = f"http://127.0.0.1:{ui.ports['mlflow_port']}/api/2.0/mlflow/runs/get?run_id={kept}"
    with urllib.request.urlopen(url) as answer:
        run = json.load(answer)["run"]
    assert run["info"]["status"] == "FINISHED"
    assert any("ndcg_at_10" in metric["key"] for metric in run["data"]["metrics"])


def test_the_command_line_sees_what_the_browser_did(ui):
    status = json.loads(xnai(ui.environment, "status", "--json").stdout)
    assert status["outcomes"] == {"documents": 4, "quarantined": 1}
    with dagster_of(ui.environment) as instance:
        assert {run.job_name for run in instance.get_runs() if SCHEDULED not in run.tags} == {"refresh"}


def sensor_state(ui: Ui, sensor: str) -> dict[str, Any]:
    """Return whether a sensor runs, its id, and its last ticks, the newest first."""
    return ui.ask(
        "query($sensor: SensorSelector!) { sensorOrError(sensorSelector: $sensor) { ... on Sensor {"
        " sensorState { id status ticks(limit: 5) { status skipReason timestamp error { message } } } } } }",
        sensor={key: JOB[key] for key in ("repositoryLocationName", "repositoryName")} | {"sensorName": sensor},
    )["sensorOrError"]["sensorState"]


@pytest.mark.parametrize(
    ("sensor", "says"),
    [
        ("documents_folder", ("folder", "until the next check")),
        ("killed_runs", ("Every started run is alive.",)),
        ("accuracy_degradation_sensor", ("evaluation",)),
    ],
)
def test_the_sensors_tick_by_themselves(ui, sensor, says):
    def ticks() -> list[dict[str, Any]]:
        return sensor_state(ui, sensor)["ticks"]

    # The first tick may meet the MLflow server making the same database: it says so, and the next one looks.
    def looked() -> bool:
        ended = [tick for tick in ticks() if tick["status"] != "STARTED"]
        assert all(tick["status"] == "SKIPPED" for tick in ended), ended
        return any(words in tick["skipReason"] for tick in ended for words in says)

    assert until(looked)


@pytest.fixture(scope="module")
def switched_off(ui) -> float:
    """When the accuracy sensor was stopped in the browser."""
    state = sensor_state(ui, "accuracy_degradation_sensor")
    assert state["status"] == "RUNNING"
    stopped = ui.ask(
        "mutation($id: String!) { stopSensor(id: $id) {"
        " __typename ... on StopSensorMutationResult { instigationState { status } } } }",
        id=state["id"],
    )["stopSensor"]
    assert stopped["instigationState"]["status"] == "STOPPED", stopped
    return time.time()


def test_a_sensor_can_be_stopped(ui, switched_off):
    assert sensor_state(ui, "accuracy_degradation_sensor")["status"] == "STOPPED"


def test_a_run_of_the_command_line_is_on_the_page_of_its_job_and_on_the_timeline(ui):
    """The page asks for runs of the job in its code location; the timeline groups runs by their location."""
    assert xnai(ui.environment, "evaluate").returncode == 0
    selector = {**{k: v for k, v in JOB.items() if k != "jobName"}, "pipelineName": "evaluate"}
    page = ui.ask(
        "query($job: PipelineSelector!) { pipelineOrError(params: $job) { ... on Pipeline {"
        " runs { status tags { key } repositoryOrigin { repositoryName repositoryLocationName } } } } }",
        job=selector,
    )["pipelineOrError"]
    place = {name: JOB[name] for name in ("repositoryName", "repositoryLocationName")}
    runs = [run for run in page["runs"] if {"key": SCHEDULED} not in run.pop("tags")]
    assert runs == [{"status": "SUCCESS", "repositoryOrigin": place}]


def test_the_schedules_are_on(ui):
    schedules = ui.ask(
        "query($of: RepositorySelector!) { schedulesOrError(repositorySelector: $of) { ... on Schedules { results {"
        " name scheduleState { status } } } } }",
        of={key: JOB[key] for key in ("repositoryLocationName", "repositoryName")},
    )["schedulesOrError"]["results"]
    assert {schedule["name"]: schedule["scheduleState"]["status"] for schedule in schedules} == {
        "daily_health": "RUNNING",
        "daily_sources": "RUNNING",
        "nightly_backup": "RUNNING",
        "nightly_evaluation": "RUNNING",
        "weekly_maintenance": "RUNNING",
        "weekly_quantization": "RUNNING",
        "weekly_restore_drill": "RUNNING",
    }


def test_ports_that_are_taken_are_named(ui):
    said = xnai(ui.environment, "ui")
    assert said.returncode == 3
    assert said.stderr.startswith(f"xnai: Port {ui.ports['mlflow_port']} for the MLflow UI is taken.")
    assert "XNAI_DAGSTER_PORT" in said.stderr
    assert ui.process.poll() is None


def ticked(ui: Ui, sensor: str, since: float) -> list[float]:
    """Return when the sensor ticked since then."""
    return [tick["timestamp"] for tick in sensor_state(ui, sensor)["ticks"] if tick["timestamp"] > since]


def test_a_stopped_sensor_ticks_no_more(ui, switched_off):
    """But for a tick that was on its way, while another one's ticks go on; asked late, since a tick takes 30 s."""
    switched = switched_off
    until(lambda: ticked(ui, "documents_folder", switched))
    if on_its_way := ticked(ui, "accuracy_degradation_sensor", switched):
        switched = max(on_its_way + ticked(ui, "documents_folder", switched))
        until(lambda: ticked(ui, "documents_folder", switched))
    assert sensor_state(ui, "accuracy_degradation_sensor")["status"] == "STOPPED"
    assert not ticked(ui, "accuracy_degradation_sensor", switched)


def sessions() -> dict[int, int]:
    """Return the session of each process that lives."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _parent, _group, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            except OSError:
                continue
            if state != "Z":
                found[int(entry.name)] = int(session)
    return found


def children(process: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()}


def test_stopping_ends_every_process_and_the_run_that_goes_on(ui):
    """The servers lead sessions of their own; a run is a child of the code server and belongs to its session."""
    run_id = ui.launch()
    until(lambda: ui.status(run_id) not in ("QUEUED", "NOT_STARTED", "STARTING"))
    leaders = children(ui.process.pid)
    assert len(leaders) == 5
    ui.process.send_signal(signal.SIGTERM)
    ui.process.communicate()
    assert ui.process.returncode == 0
    assert not [process for process, session in sessions().items() if session in leaders]
    assert not any(taken(port) for port in ui.ports.values())
    with dagster_of(ui.environment) as instance:
        assert instance.get_run_by_id(run_id).is_finished
        assert instance.event_log_storage.get_concurrency_info("lancedb").active_slot_count == 0
    assert xnai(ui.environment, "run", "--no-evaluation").returncode == 0
    ui.work.check_whole()
