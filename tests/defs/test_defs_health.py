"""The documents are inspected as an asset; its check warns with the worst pages, and people are told once."""

from tests.support.pipeline import Pipeline, base, materialized, resource
from xnai_pipelines.autonomy.alerts.send import LogSink
from xnai_pipelines.defs.health import documents_are_healthy
from xnai_pipelines.documents.health.make import last_health

BAD = "# Bad\n\n[a](gone.md)\n\nTODO: write this.\n"


def told(pipeline: Pipeline) -> list[str]:
    return [record["alert"]["kind"] for record in LogSink(pipeline.work.home.alerts).tail() if "alert" in record]


def test_a_bad_page_is_shown_warned_of_and_told(pipeline: Pipeline):
    pipeline.work.write("bad.md", BAD)
    pipeline.work.ingest()
    result = pipeline.run("health")
    assert result.success
    shown = materialized(result, "document_health")
    assert "bad.md" in shown["first"]
    assert "broken_link" in shown["findings"]
    assert shown["over_time"].startswith("![")
    [check] = result.get_asset_check_evaluations()
    assert not check.passed
    assert check.severity.value == "WARN"
    assert "bad.md" in check.description
    assert told(pipeline) == ["document_health"]
    assert pipeline.run("health").success
    assert told(pipeline) == ["document_health"]
    report = last_health(pipeline.work.home)
    assert report.questions == 0
    assert {page.landings for page in report.pages} == {0.0}


def test_fresh_pages_without_errors_pass_the_check_and_so_do_pages_never_inspected(pipeline: Pipeline):
    stores = resource("stores")
    assert documents_are_healthy(base(), stores).passed
    for path in pipeline.work.documents.rglob("*"):
        if path.is_file():
            path.touch()
    pipeline.work.ingest()
    assert pipeline.run("health").success
    assert documents_are_healthy(base(), stores).passed
    assert told(pipeline) == []
