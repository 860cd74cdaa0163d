"""Sources beside the folder in the Dagster face: what a run shows, what is checked, when it is asked again."""

import json

import dagster as dg
import pytest

from tests.support.pipeline import materialized
from tests.support.repository import Repository
from xnai_pipelines.definitions import defs

ASSETS = [dg.AssetKey("mirrored_sources"), dg.AssetKey("crawled_pages")]


@pytest.fixture
def handbook(pipeline, tmp_path):
    repository = Repository(tmp_path / "handbook")
    repository.commit({"leave.md": "# Leave\n\nThirty days.\n"})
    return repository


def listed(pipeline, url):
    """Have the home list a repository as its source."""
    pipeline.work.write("sources.yaml", json.dumps({"sources": [{"kind": "git", "name": "handbook", "url": url}]}))


def ticked(pipeline):
    """Return what the daily schedule asks for, or why it asks for nothing."""
    loaded = defs()
    with dg.build_schedule_context(instance=pipeline.instance, resources=loaded.resources) as context:
        return loaded.resolve_schedule_def("daily_sources")(context)


def check_of(result, asset):
    [found] = [one for one in result.get_asset_check_evaluations() if one.asset_key == dg.AssetKey(asset)]
    return found


def test_a_source_is_shown_with_its_commit_and_asked_every_day(pipeline, handbook):
    listed(pipeline, handbook.url)
    result = pipeline.run("refresh", ASSETS)
    assert result.success
    shown = materialized(result, "mirrored_sources")
    assert "handbook" in shown["sources"]
    assert handbook.git("rev-parse", "HEAD")[:12] in shown["sources"]
    assert check_of(result, "mirrored_sources").passed
    assert isinstance(ticked(pipeline), dg.RunRequest)


def test_a_source_that_cannot_be_listed_is_named_and_the_run_goes_on(pipeline, handbook, tmp_path):
    listed(pipeline, (tmp_path / "nowhere").as_uri())
    result = pipeline.run("refresh", ASSETS)
    assert result.success
    found = check_of(result, "mirrored_sources")
    assert not found.passed
    assert found.severity is dg.AssetCheckSeverity.WARN
    assert found.description.startswith("handbook: ")
    assert found.metadata["in_trouble"].value == 1


def test_without_sources_the_schedule_says_so(pipeline):
    skipped = ticked(pipeline)
    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == "No sources beside the documents folder are listed."
