"""The job `quantize` shows each variant, the card and the choice; the schedule says why it does not quantize."""

import json
import shutil
from types import SimpleNamespace

import dagster as dg
import pytest

from tests.support.pipeline import Pipeline, failures, materialized, settled, variables
from tests.support.workplace import write_library
from xnai_pipelines.definitions import defs
from xnai_pipelines.defs import models
from xnai_pipelines.models.make import read_model_report
from xnai_pipelines.releases.maintain import maintain
from xnai_pipelines.state.layout import Home

pytestmark = pytest.mark.slow

BEFORE = ("documents", "chunks", "embeddings", "questions")
MADE = ("fp32", "int8_dynamic", "int2_rtn")
ASSETS = [
    dg.AssetKey("encoder_onnx"),
    dg.AssetKey("calibration_texts"),
    *(dg.AssetKey(["quantized_models", name]) for name in MADE),
    dg.AssetKey("precision_card"),
    dg.AssetKey("candidate_encoder"),
]


@pytest.fixture
def quantized(pipeline, small_bert):
    """A pipeline whose home has a corpus that can be calibrated with, ingested and quantized."""
    write_library(pipeline.work, parts=40)
    with settled(variables(pipeline.work, encoder=small_bert, chunk_size=32, card_chunks=100)):
        assert pipeline.run("refresh", [dg.AssetKey(asset) for asset in BEFORE]).success
        result = pipeline.run("quantize", ASSETS)
        assert result.success, failures(result)
        yield pipeline, result


def test_the_job_shows_variants_card_and_choice_and_does_nothing_twice(quantized):
    pipeline, result = quantized
    exported = materialized(result, "encoder_onnx")
    assert exported["max_difference_to_torch"] <= 1e-4
    calibration = materialized(result, "calibration_texts")
    assert calibration["drawn_in_this_run"] is True
    assert calibration["texts"] >= 32

    coarse = materialized(result, "quantized_models/int2_rtn")
    assert coarse["built_in_this_run"] is True
    assert coarse["ratio"] > 12
    assert "word_embeddings" in coarse["tensors"]
    assert "/#/models/xnai-encoder/versions/" in coarse["mlflow_model"]
    checks = {(c.asset_key.path[-1], c.check_name): c.passed for c in result.get_asset_check_evaluations()}
    assert checks["int8_dynamic", "loads"]
    assert checks["int8_dynamic", "cosine_floor"]
    assert checks["int2_rtn", "loads"]
    assert checks["encoder_onnx", "equals_torch"]
    assert checks["calibration_texts", "apart_from_evaluation"]
    assert checks["precision_card", "card_fits_this_processor"]

    card = materialized(result, "precision_card")
    assert card["measured_in_this_run"] is True
    assert card["choice"] in MADE
    assert "| int8_dynamic |" in card["card"]
    assert card["pareto"].startswith("![size against quality](data:image/png;base64,")
    candidate = materialized(result, "candidate_encoder")
    assert candidate["candidate"] == card["choice"]
    assert "smallest" in candidate["reasons"] or "only" in candidate["reasons"]

    home = pipeline.work.home
    record = home.state / "quantized_models" / "int2_rtn.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "cosine": 0.1}))
    shutil.rmtree(home.reports)  # anyone may
    again = pipeline.run("quantize", ASSETS)
    assert again.success
    failed = [c.asset_key.path[-1] for c in again.get_asset_check_evaluations() if not c.passed]
    assert failed == ["int2_rtn"]
    assert materialized(again, "calibration_texts")["drawn_in_this_run"] is False
    assert materialized(again, "quantized_models/int2_rtn")["built_in_this_run"] is False
    assert materialized(again, "precision_card")["measured_in_this_run"] is False

    made = {read_model_report(home, name).vector_space for name in MADE}
    assert maintain(pipeline.work.context(), kept_releases=3).models_dropped == ()
    assert all((home.models / space).is_dir() for space in made)

    path = home.state / "precision_card.json"
    stored = json.loads(path.read_text())
    stored["card"]["cpu_flags"] = ["sve"]
    path.write_text(json.dumps(stored))
    checked = pipeline.run("quantize", [dg.AssetKey("candidate_encoder")])
    assert checked.success
    third = pipeline.run("quantize", [dg.AssetKey("precision_card")])
    [fits] = [c for c in third.get_asset_check_evaluations() if c.check_name == "card_fits_this_processor"]
    assert not fits.passed
    assert fits.metadata["missing_here"].value == ["sve"]

    skipped = tick(pipeline)
    assert isinstance(skipped, dg.SkipReason)
    assert "The base weights are the same, and 0%" in skipped.skip_message


def tick(pipeline):
    """Return what the schedule does now."""
    definitions = defs()
    schedule = definitions.resolve_schedule_def("weekly_quantization")
    with dg.build_schedule_context(instance=pipeline.instance, resources=definitions.resources) as context:
        return schedule(context)


def test_before_anything_was_quantized_the_schedule_says_so(pipeline):
    skipped = tick(pipeline)
    assert isinstance(skipped, dg.SkipReason)
    assert "Nothing has been quantized yet" in skipped.skip_message


def test_a_graph_that_was_built_without_torch_is_not_said_to_equal_it(tmp_path, monkeypatch):
    card = {"metrics": {"largest_difference_to_torch_fp32": None}}
    monkeypatch.setattr(models, "read_card", lambda folder: card)
    stores = SimpleNamespace(layout=Home(tmp_path))
    base = SimpleNamespace(vector_space="abc")
    encoder = SimpleNamespace(choice=SimpleNamespace(base=lambda: base))
    result = models.equals_torch(stores, encoder)
    assert not result.passed
    assert result.severity is dg.AssetCheckSeverity.WARN, "it does not block"
    assert "Not measured: torch was not installed" in result.description


def test_the_job_compare_encoders_shows_the_card_and_names_what_could_not_be_measured(
    checked, mlflow_database, tiny_bert, tmp_path
):
    shutil.copy(mlflow_database, checked.home.root)
    with dg.DagsterInstance.ephemeral() as instance:
        result = Pipeline(checked, instance).run(
            "compare_encoders", encoder_card={"encoders": [str(tiny_bert), str(tmp_path)]}
        )
    assert result.success, failures(result)
    shown = materialized(result, "encoder_card")
    assert "all-MiniLM-L6-v2 (current)" in shown["card"]
    assert "| hybrid [95 %] |" in shown["card"]
    assert "XNAI_ENCODER=NAME xnai run --new-release" in shown["conclusion"]
    [check] = result.get_asset_check_evaluations()
    assert check.check_name == "every_encoder_was_measured"
    assert not check.passed
    assert str(tmp_path) in check.description
    release = json.loads((checked.home.releases / "current.json").read_text())
    assert release["release"] == 1
