"""Maintenance frees space and keeps everything that a release, or a run that will go on, needs."""

import pytest

from tests.support.workplace import Workplace
from xnai_pipelines.documents.plan import expected_seconds
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.releases.maintain import maintain
from xnai_pipelines.state.context import StageRun, history, record
from xnai_pipelines.state.manifest import Releases


def unfinished(work: Workplace, monkeypatch: pytest.MonkeyPatch, **request: bool) -> str:
    """Embed without reaching the release; return the table that was begun."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    before = set(work.tables.names())
    with monkeypatch.context() as patch:
        patch.setattr(Releases, "publish", killed)
        with pytest.raises(KeyboardInterrupt):
            work.ingest(**request)
    (table,) = {name for name in work.tables.names() if name.startswith("embeddings")} - before
    return table


def test_a_first_run_that_was_killed_keeps_its_table(work: Workplace, monkeypatch: pytest.MonkeyPatch):
    work.write("a.txt", "Text.\n")
    table = unfinished(work, monkeypatch)
    assert maintain(work.context(), kept_releases=3).dropped == ()
    reports = work.ingest()
    assert (reports.embeddings.table, reports.embeddings.unchanged) == (table, 1)


def test_a_table_without_a_release_is_dropped_and_every_other_row_stays(
    filled: Workplace, monkeypatch: pytest.MonkeyPatch
):
    filled.ingest()
    before, vectors = filled.content(), filled.vectors()
    table = unfinished(filled, monkeypatch, new_release=True)
    filled.home.access.mkdir()
    (filled.home.access / "2020-01-01.host.jsonl").touch()
    report = maintain(filled.context(), kept_releases=3)
    assert report.dropped == (table,)
    assert report.access_logs_removed == 1
    assert report.bytes_before > 0
    assert report.bytes_after > 0
    assert filled.content() == before
    assert filled.vectors() == vectors
    assert filled.search().search("installer")[0].source == "guide.md"
    assert filled.ingest().embeddings.encoded == 0


def test_a_reranker_that_no_release_has_is_dropped(work: Workplace):
    work.write("a.txt", "Text.\n")
    work.ingest()
    Releases(work.home.releases).set_ranking(1, {"reranker": "used"})
    for name in ("used", "old"):
        (work.home.rerankers / name).mkdir(parents=True)
    maintain(work.context(), kept_releases=3)
    assert [folder.name for folder in work.home.rerankers.iterdir()] == ["used"]


def test_a_plan_says_how_long_the_next_run_will_take(work: Workplace, built_encoder: Encoder):
    work.write("a.txt", "Text.\n")
    assert expected_seconds(work.home, work.plan()) is None
    work.ingest()
    assert expected_seconds(work.home, work.plan()) == 0
    for stage in ("documents", "chunks", "embeddings"):
        for _ in range(3):
            record(work.home.state, StageRun(stage, "run", "", 10, 5.0))
    for number in range(10):
        work.write(f"{number}.txt", f"Text {number}.\n")
    assert expected_seconds(work.home, work.plan()) == pytest.approx(3 * 10 / 2)
    assert history(work.home.state)[0].items == 1
