"""Recognisers in the Dagster face: a run with one shows what it found, and a wrong one stops it before it starts."""

import dagster as dg
import pytest

from tests.support.pipeline import failures, loaded, materialized, settled, variables
from tests.support.token_classifiers import write_token_classifier
from xnai_pipelines.cli.planned import planned_run
from xnai_pipelines.errors import SettingsError
from xnai_pipelines.settings import settings

ASSETS = [dg.AssetKey(name) for name in ("documents", "chunks", "mentions")]


def check_of(result, name):
    [found] = [one for one in result.get_asset_check_evaluations() if one.check_name == name]
    return found


@pytest.mark.slow
def test_a_run_counts_what_a_recogniser_found(pipeline, tmp_path):
    pipeline.work.write("people.md", "# People\n\nThey say that ann lee moved to Oslo.\n")
    folder = write_token_classifier(tmp_path / "classifier")
    with settled(variables(pipeline.work, graph_recogniser=folder)):
        result = pipeline.run("ingest")
        assert result.success, failures(result)
        shown = materialized(result, "mentions")
    assert "token-classifier@" in shown["extractors"]
    assert "token-classifier@" in shown["recognisers"]
    assert check_of(result, "graph_equals_rebuild").passed
    with settled(variables(pipeline.work)):
        shown = materialized(pipeline.run("ingest", ASSETS), "mentions")
    assert "token-classifier@" not in shown["extractors"]
    assert "recognisers" not in shown


def test_a_network_that_is_cut_off_stops_a_plan_and_a_run_before_any_work(pipeline, tmp_path):
    folder = write_token_classifier(tmp_path / "classifier")
    network = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(network[: len(network) // 2])
    with settled(variables(pipeline.work, graph_recogniser=folder)):
        with pytest.raises(SettingsError, match="its files cannot be opened"):
            planned_run(settings(), verify=False)
        with pytest.raises(SettingsError, match="its files cannot be opened"):
            loaded()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"graph_recogniser": "/nowhere"}, "XNAI_GRAPH_RECOGNISER='/nowhere': there is no such folder"),
        ({"graph_llm": True}, "XNAI_GRAPH_LLM is true, but there is no language model"),
    ],
)
def test_a_wrong_recogniser_stops_a_plan_and_a_run_before_any_work(pipeline, wrong, said):
    with settled(variables(pipeline.work, **wrong)):
        with pytest.raises(SettingsError, match=said):
            planned_run(settings(), verify=False)
        with pytest.raises(SettingsError, match=said):
            loaded()
