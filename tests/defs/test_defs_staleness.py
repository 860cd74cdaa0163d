"""What the UI calls "Unsynced": nothing after a run or one that changed nothing, and else what a change affects."""

import functools
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from tests.support.pipeline import Pipeline, base, failures, settled, variables
from tests.support.retrained import Retrained, copy_world, of_world
from tests.support.workplace import write_library
from xnai_pipelines.definitions import defs
from xnai_pipelines.defs.knowledge_base import knowledge_base

CALIBRATION = [dg.AssetKey("calibration_texts")]
NEW_INPUT, NEW_CODE = {"has a new dependency data version"}, {"has a new code version"}


def stale(instance: dg.DagsterInstance) -> dict[str, set[str]]:
    """Return the assets that the UI marks, with the reasons that it gives."""
    graph = defs().resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    return {
        key.to_user_string(): {cause.reason for cause in resolver.get_stale_causes(key)}
        for key in graph.get_all_asset_keys()
        if resolver.get_status(key) is StaleStatus.STALE
    }


@functools.cache
def unchanged() -> dict[str, str]:
    return code_versions()


def code_versions(**changed: object) -> dict[str, str]:
    with settled(variables(**changed)):
        graph = knowledge_base(base()).resolve_asset_graph()
    return {key.to_user_string(): graph.get(key).code_version for key in graph.get_all_asset_keys()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "assets"),
    [
        ({"chunk_size": 64}, ["chunks"]),
        ({"chunk_strategy": "sentence"}, ["chunks"]),
        ({"exclude": "*.csv"}, ["documents"]),
        ({"max_file_mb": 8}, ["documents"]),
        ({"optimise": "speed"}, ["precision_card", "candidate_encoder"]),
        ({"card_chunks": 500}, ["precision_card", "encoder_card"]),
        ({"vector_weight": 0.3}, ["ranking_policy", "encoder_card"]),
        ({"correct_typos": False}, ["ranking_policy"]),
        ({"least_pairs": 10}, ["training_pairs"]),
        ({"training": '{"epochs": 9}'}, ["lora_adapter"]),
        ({"max_slice_loss": 0.5}, ["promotion_decision"]),
        ({"approval": True}, ["promotion_decision"]),
        ({"encoder": "/models/another"}, ["encoder_onnx", "lora_adapter"]),
        ({"accuracy_floor": 0.5}, []),  # judged by a check and a sensor, stored in no asset
        ({"threads": 2, "home": "/elsewhere", "webhook": "http://127.0.0.1/"}, []),
    ],
    ids=repr,
)
def test_a_changed_setting_marks_exactly_the_assets_that_the_next_run_would_make_otherwise(changed, assets):
    before, after = unchanged(), code_versions(**changed)
    assert {name for name in before if before[name] != after[name]} == set(assets)


@pytest.mark.slow
def test_runs_mark_nothing_and_an_edited_document_marks_what_was_made_of_the_corpus(pipeline):
    write_library(pipeline.work)
    for job, assets in (("refresh", None), ("quantize", CALIBRATION), ("evaluate", None)):
        result = pipeline.run(job, assets)
        assert result.success, failures(result)
        assert stale(pipeline.instance) == {}
    pipeline.work.write("0/0.md", "# Part number 0\n\nThis part says something else altogether now.\n")
    assert pipeline.run().success
    assert stale(pipeline.instance) == {"calibration_texts": NEW_INPUT}
    assert pipeline.run("quantize", CALIBRATION).success
    assert stale(pipeline.instance) == {}


@pytest.mark.slow
def test_chunks_that_are_cut_otherwise_mark_what_is_made_of_them(pipeline):
    assert pipeline.run().success
    with settled(variables(pipeline.work, chunk_strategy="fixed", chunk_size=16)):
        assert stale(pipeline.instance) == {"chunks": NEW_CODE}
        assert pipeline.run("ingest").success
        assert stale(pipeline.instance) == {
            "questions": NEW_INPUT,
            "ranking_policy": NEW_INPUT,
            "retrieval_evaluation": NEW_INPUT,
            "answer_evaluation": NEW_INPUT,
            "drift_report": NEW_INPUT,
        }
        assert pipeline.run("evaluate").success
        assert stale(pipeline.instance) == {}


@pytest.mark.slow
def test_a_retraining_leaves_nothing_out_of_date(retrained: Retrained, tmp_path: Path):
    work = copy_world(retrained.work, tmp_path)
    with dg.DagsterInstance.ephemeral() as instance:
        for given in ({"approval": True}, {}):
            with settled(of_world(work, **given)):
                result = Pipeline(work, instance).run("retrain")
                assert result.success, failures(result)
                assert stale(instance) == {}
        with settled(of_world(work, max_slice_loss=0.5)):
            assert stale(instance) == {"promotion_decision": NEW_CODE}
