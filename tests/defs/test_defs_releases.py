"""The jobs of the loop: a retraining shows what it did, waits where it is told to, is released, and goes back."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from tests.support.adaptation_world import make_measured_home
from tests.support.pipeline import Pipeline, failures, materialized, resource, settled
from tests.support.retrained import Retrained, copy_world, of_world
from tests.support.waiting import LONGEST_SECONDS
from xnai_pipelines.adapters.make import read_adapter_report
from xnai_pipelines.autonomy.alerts.send import LogSink
from xnai_pipelines.defs import adapters
from xnai_pipelines.defs.adapters import (
    adapter_is_sound,
    apart_from_test_questions,
    holds_no_deleted_document,
    merged_equals_applied,
)
from xnai_pipelines.defs.metadata import image
from xnai_pipelines.defs.releases import aliases_mirror_the_releases, challenger_vectors_are_sound
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.source import DEFAULT_ENCODER, default_encoder_folder
from xnai_pipelines.encoders.specification import read_specification
from xnai_pipelines.errors import AdaptationError
from xnai_pipelines.models.export import build_encoder
from xnai_pipelines.releases.decision import PromotionOutcome, decisions
from xnai_pipelines.releases.evaluate import last_comparison
from xnai_pipelines.releases.logged import mirror_aliases
from xnai_pipelines.releases.plots import comparison_plot
from xnai_pipelines.state.artefacts import file_sha256
from xnai_pipelines.state.locks import held_if_free
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import DOCUMENTS, QUESTIONS, TRAINING_PAIRS

pytestmark = pytest.mark.slow

DECIDED = [dg.AssetKey("promotion_decision"), dg.AssetKey("release")]


@pytest.fixture
def pipeline(retrained: Retrained, tmp_path: Path) -> Iterator[Pipeline]:
    """A copy of the home whose challenger awaits approval."""
    work = copy_world(retrained.work, tmp_path)
    with settled(of_world(work)), dg.DagsterInstance.ephemeral() as instance:
        yield Pipeline(work, instance)


def current(pipeline: Pipeline) -> int:
    return Releases(pipeline.work.home.releases).require().release


def test_the_run_shows_what_each_asset_made(retrained):
    shown = retrained.shown
    assert (shown["training_pairs"]["pairs"], shown["training_pairs"]["validation_pairs"]) == (40, 4)
    assert "| labelled | 40 |" in shown["training_pairs"]["origin"]
    assert len(shown["training_pairs"]["sha256"]) == 64
    adapter = shown["lora_adapter"]
    assert adapter["trained_in_this_run"] is True
    assert adapter["curve"].startswith("![loss and validation](data:image/png;base64,")
    assert adapter["pairs_sha256"] == shown["training_pairs"]["sha256"]
    assert adapter["config"]["max_steps"] == 3
    assert adapter["mlflow_run"].startswith("http://127.0.0.1:5000/#/experiments/")
    assert any(name.startswith("figures/") for name in adapter)
    assert shown["adapted_encoder"]["merge_largest_difference"] <= 1e-5
    assert shown["adapted_encoder"]["adapter"] == adapter["adapter"]
    assert shown["challenger_index"]["would_be_release"] == 2
    assert shown["challenger_index"]["dagster/row_count"] > 0
    compared = shown["adapter_evaluation"]
    assert compared["measured_in_this_run"] is True
    assert "all questions" in compared["comparison"]
    assert compared["differences"].startswith("![")
    assert compared["champion"].startswith("release 1,")
    decided = shown["promotion_decision"]
    assert (decided["decision"], decided["cause"]) == ("awaiting_approval", "asked for by a person")
    assert decided["judged_against_release"] == 1
    assert decided["verdict"]
    assert "| awaiting approval |" in decided["tried"]
    released = shown["release"]
    assert (released["release"], released["released_in_this_run"]) == (1, False)
    assert released["reason"] == "The challenger awaits approval: `xnai approve`."


def test_a_challenger_that_awaits_approval_is_told_of(retrained):
    [alert] = [one["alert"] for one in LogSink(retrained.work.home.alerts).tail() if "alert" in one]
    assert (alert["kind"], alert["severity"]) == ("approval", "info")
    assert alert["title"] == "A challenger of release 1 awaits approval"
    assert alert["text"].endswith("`xnai approve --by NAME` releases it.")


def test_all_its_checks_pass(retrained):
    assert retrained.checks.keys() >= {
        "apart_from_test_questions", "adapter_is_sound", "holds_no_deleted_document", "merged_equals_applied",
        "challenger_vectors_are_sound", "aliases_mirror_the_releases",
    }  # fmt: skip
    assert all(retrained.checks.values()), retrained.checks


def test_an_approved_challenger_is_released_and_a_rollback_goes_back_and_forward(pipeline):
    approved = pipeline.run("approve", release={"approved_by": "Ada"})
    assert approved.success, failures(approved)
    shown = materialized(approved, "release")
    assert (shown["release"], shown["released_in_this_run"]) == (2, True)
    assert shown["adapter"] == read_adapter_report(pipeline.work.home).adapter
    [decision] = decisions(pipeline.work.home.decisions)
    assert "Ada" in repr(decision)
    assert current(pipeline) == 2
    assert aliases_mirror_the_releases(resource("stores"), resource("tracking")).passed
    again = pipeline.run("approve", release={"approved_by": "Ada"})
    assert current(pipeline) == 2
    assert not again.success or materialized(again, "release")["released_in_this_run"] is False

    for target in (1, 2):
        back = pipeline.run("rollback", move_release_pointer={"release": target})
        assert back.success, failures(back)
        [output] = [event for event in back.all_events if event.event_type_value == "STEP_OUTPUT"]
        moved = {name: value.value for name, value in output.event_specific_data.metadata.items()}
        assert (moved["to_release"], current(pipeline)) == (target, target)
        assert moved["pointer_seconds"] < moved["seconds"]
        assert aliases_mirror_the_releases(resource("stores"), resource("tracking")).passed
    refused = pipeline.run("rollback", move_release_pointer={"release": 9})
    assert "Release 9 does not exist" in failures(refused)["move_release_pointer"]
    assert current(pipeline) == 2


def test_a_rejected_challenger_ends_the_run_well_and_changes_nothing(pipeline):
    with settled(of_world(pipeline.work, max_shipped_mb=0.001)):
        result = pipeline.run("retrain", DECIDED)
    assert result.success, failures(result)
    assert materialized(result, "promotion_decision")["decision"] == "rejected"
    shown = materialized(result, "release")
    assert (shown["release"], shown["released_in_this_run"]) == (1, False)
    assert shown["reason"].startswith("The challenger was rejected: ")


def test_a_trial_of_another_encoder_repairs_a_fall_and_the_decision_names_its_gain_and_cost(tiny_bert, tmp_path):
    folder = default_encoder_folder()
    weak = build_encoder(read_specification(tiny_bert, Runtime.FP32), tmp_path / "home" / "models")
    work = make_measured_home(tmp_path, Encoder.load(weak, threads=1))
    with settled(of_world(work)), dg.DagsterInstance.ephemeral() as instance:
        result = Pipeline(work, instance).run("try_encoder", challenger_index={"encoder": str(folder)})
        assert result.success, failures(result)
    [decision] = decisions(work.home.decisions)
    assert (decision.outcome, decision.adapter) == (PromotionOutcome.PROMOTED, None)
    assert None not in (decision.minutes, decision.query_ms, decision.shipped_mb)
    trial = materialized(result, "promotion_decision")["tried"].splitlines()[-1]
    assert f"| encoder {DEFAULT_ENCODER} | {decision.verdict.gain:+.3f} | {decision.minutes:.1f} |" in trial
    assert trial.endswith("| promoted |")
    assert materialized(result, "release")["released_in_this_run"] is True
    assert work.search().release.release == 2


def test_the_comparison_is_drawn_with_the_loss_that_the_settings_allow(pipeline):
    with settled(of_world(pipeline.work, max_slice_loss=0.3)):
        result = pipeline.run("retrain", [dg.AssetKey("adapter_evaluation")])
    assert result.success, failures(result)
    drawn = comparison_plot(last_comparison(pipeline.work.home).comparison, 0.3)
    assert materialized(result, "adapter_evaluation")["differences"] == image("challenger - champion", drawn).value


def test_forgetting_a_deleted_document_shows_the_proof_and_its_adapter_is_named(pipeline):
    work = pipeline.work
    source = "oak_table_0.md"  # which is trained on
    kept = pipeline.run("forget", erase_document={"source": source})
    assert "is still in" in failures(kept)["erase_document"]
    (work.documents / source).unlink()
    result = pipeline.run("forget", erase_document={"source": source})
    assert result.success, failures(result)
    [output] = [event for event in result.all_events if event.event_type_value == "STEP_OUTPUT"]
    shown = {name: value.value for name, value in output.event_specific_data.metadata.items()}
    adapter = read_adapter_report(work.home).adapter
    assert shown["documents"] == 1
    assert shown["adapters_trained_on_it"] == [adapter]
    assert "embeddings_2_" in shown["tables"]
    assert source not in work.sources()
    check = holds_no_deleted_document(resource("stores"))
    assert not check.passed
    assert adapter in check.metadata


def test_other_runs_go_ahead_while_an_adapter_is_trained(pipeline, monkeypatch):
    began, go_on, ended = threading.Event(), threading.Event(), []

    def trains(*arguments: object, **named: object) -> None:
        began.set()
        go_on.wait(LONGEST_SECONDS)
        raise AdaptationError("The test ends here.")

    monkeypatch.setattr(adapters, "train_adapter", trains)

    def retrain() -> None:
        with dg.DagsterInstance.ephemeral() as instance:
            ended.append(Pipeline(pipeline.work, instance).run("retrain", [dg.AssetKey("lora_adapter")]))

    training = threading.Thread(target=retrain)
    training.start()
    try:
        assert began.wait(LONGEST_SECONDS)
        pipeline.work.write("late.md", "# Late\n\nWritten while the adapter was trained.\n")
        other = pipeline.run("ingest")
        assert other.success, failures(other)
        assert "late.md" in pipeline.work.sources()
        assert training.is_alive()
        with held_if_free(pipeline.work.home, "retraining.lock") as free:
            assert not free, "another retraining would wait"
    finally:
        go_on.set()
        training.join()
    assert "The test ends here." in failures(ended[0])["lora_adapter"]


class TestChecksFail:
    """On what each is there to find."""

    def test_a_test_questions_document_among_the_pairs(self, pipeline):
        assert apart_from_test_questions(resource("stores")).passed
        tested = next(row for row in pipeline.work.rows(QUESTIONS).values() if row["split"] == "test")
        document = json.loads(tested["relevant"])[0]["document_id"] if isinstance(tested.get("relevant"), str) else (
            tested["relevant"][0]["document_id"]
        )  # fmt: skip
        pair = min(pipeline.work.rows(TRAINING_PAIRS))
        pipeline.work.tables.open("training_pairs").update(
            where=f"pair_id = '{pair}'", values={"document_id": document}
        )
        result = apart_from_test_questions(resource("stores"))
        assert not result.passed
        assert result.metadata["pairs_by_document"].value == {document: 1}

    def test_an_adapter_with_other_bytes_or_with_what_is_no_number(self, pipeline):
        from safetensors.numpy import load_file, save_file

        assert adapter_is_sound(resource("stores")).passed
        home = pipeline.work.home
        folder = home.adapters / read_adapter_report(home).adapter
        path = folder / "adapter_model.safetensors"
        tensors = load_file(path)
        name = min(tensors)
        tensors[name] = tensors[name] * float("nan")
        save_file(tensors, path, metadata={"format": "pt"})
        assert not adapter_is_sound(resource("stores")).passed
        [card] = folder.glob("*card*.json")
        said = json.loads(card.read_text())
        said["files"][path.name] = {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
        card.write_text(json.dumps(said))
        result = adapter_is_sound(resource("stores"))
        assert not result.passed
        assert result.metadata["faults"].value == [f"{name} has non-finite values"]

    def test_a_merge_that_changed_the_vectors(self, pipeline):
        assert merged_equals_applied(resource("stores")).passed
        path = pipeline.work.home.state / "adapted_encoder.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "largest_difference": 2e-5}))
        assert not merged_equals_applied(resource("stores")).passed

    def test_a_vector_of_another_space_and_a_manifest_that_is_gone(self, pipeline):
        releases = Releases(pipeline.work.home.releases)
        assert challenger_vectors_are_sound(resource("stores")).passed
        table = pipeline.work.tables.open(releases.challenger().embeddings_table)
        table.update(where="true", values={"vector_space": "another"})
        assert not challenger_vectors_are_sound(resource("stores")).passed
        releases.challenge(None)
        assert not challenger_vectors_are_sound(resource("stores")).passed

    def test_an_alias_that_was_moved_by_hand(self, pipeline):
        assert aliases_mirror_the_releases(resource("stores"), resource("tracking")).passed
        challenger = Releases(pipeline.work.home.releases).challenger().vector_space
        mirror_aliases(resource("tracking").tracker(), champion=challenger, challenger=None)
        result = aliases_mirror_the_releases(resource("stores"), resource("tracking"))
        assert not result.passed
        assert result.severity is dg.AssetCheckSeverity.WARN

    def test_a_document_that_was_deleted_since(self, pipeline):
        assert holds_no_deleted_document(resource("stores")).passed
        trained = min(pipeline.work.rows(TRAINING_PAIRS).values(), key=lambda row: row["pair_id"])["document_id"]
        pipeline.work.tables.open(DOCUMENTS.name).delete(f"document_id = '{trained}'")
        result = holds_no_deleted_document(resource("stores"))
        assert not result.passed
        assert [trained] in [value.value for value in result.metadata.values()]
