"""Recognisers in the Dagster face: a run with one shows what it found, and a wrong one stops the run."""

import dagster as dg
import pytest

from tests.support.pipeline import failures, materialized, settled, variables
from tests.support.token_classifiers import write_token_classifier

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


def test_a_wrong_recogniser_stops_the_run_with_what_it_lacks(pipeline, tmp_path):
    with settled(variables(pipeline.work, graph_recogniser=tmp_path)):
        result = pipeline.run("ingest", ASSETS)
    assert not result.success
    [said] = failures(result).values()
    assert f"XNAI_GRAPH_RECOGNISER='{tmp_path}': it lacks config.json, tokenizer.json and model.onnx" in said
