"""Documents are read alike by the run itself and by workers, whatever their number, and after a kill."""

import os
import signal

import pytest

from tests.support.workplace import CHUNKING, Workplace
from xnai_pipelines.chunks.make import make_chunks
from xnai_pipelines.compute.engine import HERE, Here
from xnai_pipelines.compute.processes import Processes
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.graph import documents
from xnai_pipelines.graph.documents import chunks_wanted, read_by
from xnai_pipelines.state import document_shards

PAGES, IN_SHARD = 20, 8


class Apart(Here):
    """This process, with data in files as for other processes."""

    apart = True


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_shards, "DOCUMENTS_IN_SHARD", IN_SHARD)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    work = Workplace(tmp_path_factory.mktemp("pages"), built_encoder)
    for number in range(PAGES):
        work.write(f"{number}.md", f"# Film {number}\n\nFilm {number} was directed by Ann Lee{number % 7} in Oslo.\n")
    work.ingest_documents()
    make_chunks(work.context(), CHUNKING, work.tokens)
    return work


def read(work: Workplace, engine, progress=lambda _: None):
    return read_by(engine, work.home, chunks_wanted(work.tables), progress)


def test_shards_give_the_same_rows_and_leave_no_file(pages: Workplace):
    alone = read(pages, HERE)
    done: list[int] = []
    assert read(pages, Apart(), done.append).equals(alone)
    assert len(done) > 1
    assert sum(done) == PAGES == len(set(alone["document_id"].to_pylist()))
    assert not (pages.home.shards / "mentions").exists()


@pytest.mark.slow
def test_processes_give_the_same_rows_though_one_is_killed(pages: Workplace):
    engine, killed = Processes(2), []

    def kill_one(_: int) -> None:
        if not killed:
            killed.append(next(iter(engine.figures)))
            os.kill(int(killed[0].rpartition("/")[2]), signal.SIGKILL)

    assert read(pages, engine, kill_one).equals(read(pages, HERE))
    assert killed


def test_what_a_killed_run_had_read_is_not_read_again(pages: Workplace, monkeypatch: pytest.MonkeyPatch):
    class Dies(Apart):
        def map(self, function, shards):
            yield function(shards[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(pages, Dies())
    again: list[tuple[str, ...]] = []
    rows_of = documents.read_documents

    def counted(tables, ids, extractors):
        again.append(ids)
        return rows_of(tables, ids, extractors)

    with monkeypatch.context() as patch:
        patch.setattr(documents, "read_documents", counted)
        rows = read(pages, Apart())
    assert len(again) == -(-PAGES // IN_SHARD) - 1
    assert rows.equals(read(pages, HERE))
