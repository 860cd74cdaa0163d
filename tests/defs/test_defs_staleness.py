"""What the UI calls "Unsynced": nothing after a run or one that changed nothing, and else what a change affects."""

import functools
from pathlib import Path

import dagster as dg
import pytest

from tests.support.pipeline import Pipeline, base, failures, materialized, settled, stale, variables
from tests.support.retrained import Retrained, copy_world, of_world
from tests.support.token_classifiers import write_token_classifier
from tests.support.workplace import write_library
from xnai_pipelines.defs.knowledge_base import knowledge_base

CALIBRATION = [dg.AssetKey("calibration_texts")]
NEW_INPUT, NEW_CODE = ["has a new dependency data version"], ["has a new code version"]
MADE_OF_THE_CORPUS = dict.fromkeys(
    (
        *("answer_evaluation", "calibration_texts", "drift_report", "questions", "ranking_policy"),
        "retrieval_evaluation",
    ),
    NEW_INPUT,
)


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
        ({"hard_negatives": 0}, ["training_pairs"]),
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
def test_a_recogniser_marks_the_mentions(tmp_path: Path):
    server = {"llm_url": "http://127.0.0.1:9/v1", "llm_model": "small"}
    folder = write_token_classifier(tmp_path / "classifier")
    for before, after in (
        (unchanged(), code_versions(graph_recogniser=folder)),
        (code_versions(**server), code_versions(**server, graph_llm=True)),
    ):
        assert {name for name in before if before[name] != after[name]} == {"mentions"}


@pytest.mark.slow
def test_runs_mark_nothing_and_an_edit_or_another_cut_marks_what_was_made_of_the_corpus(pipeline):
    write_library(pipeline.work, parts=40)
    with settled(variables(pipeline.work, chunk_size=32)):
        for job, assets in (("refresh", None), ("quantize", CALIBRATION)):
            result = pipeline.run(job, assets)
            assert result.success, failures(result)
            assert stale(pipeline.instance) == {}
        pipeline.work.write("0/0.md", "# Part number 0\n\nThis part says something else altogether now.\n")
        assert pipeline.run("ingest").success
        assert stale(pipeline.instance) == MADE_OF_THE_CORPUS
    with settled(variables(pipeline.work, chunk_size=24)):
        assert stale(pipeline.instance) == {**MADE_OF_THE_CORPUS, "chunks": NEW_CODE}
        assert pipeline.run("ingest").success
        assert stale(pipeline.instance) == MADE_OF_THE_CORPUS
        result = pipeline.run("evaluate")
        assert result.success, failures(result)
        assert stale(pipeline.instance) == {"calibration_texts": NEW_INPUT}
        assert pipeline.run("quantize", CALIBRATION).success
        assert stale(pipeline.instance) == {}


@pytest.mark.slow
def test_a_retraining_leaves_nothing_out_of_date(retrained: Retrained, tmp_path: Path):
    assert retrained.stale == {}, "while its challenger awaits approval"
    work = copy_world(retrained.work, tmp_path)
    with dg.DagsterInstance.ephemeral() as instance:
        with settled(of_world(work)):
            result = Pipeline(work, instance).run("retrain")
            assert result.success, failures(result)
            assert materialized(result, "release")["released_in_this_run"] is True
            assert stale(instance) == {}
        with settled(of_world(work, max_slice_loss=0.5)):
            assert stale(instance) == {"promotion_decision": NEW_CODE}
