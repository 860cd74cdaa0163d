"""Documents are read alike by the run itself and by workers, whatever their number, and after a kill."""

from multiprocessing import active_children

import pytest

from tests.support.workplace import CHUNKING, Workplace
from xnai_pipelines.chunks.make import make_chunks
from xnai_pipelines.compute.engine import HERE, Here
from xnai_pipelines.compute.processes import Processes
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.graph import documents
from xnai_pipelines.graph.documents import DocumentShard, read_by, read_shard
from xnai_pipelines.graph.make import pending

PAGES, IN_SHARD = 20, 8


class Apart(Here):
    """This process, with data in files as for other processes."""

    apart = True


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "DOCUMENTS_IN_SHARD", IN_SHARD)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    work = Workplace(tmp_path_factory.mktemp("pages"), built_encoder)
    for number in range(PAGES):
        work.write(f"{number}.md", f"# Film {number}\n\nFilm {number} was directed by Ann Lee{number % 7} in Oslo.\n")
    work.ingest_documents()
    make_chunks(work.context(), CHUNKING, work.tokens)
    return work


def read(work: Workplace, engine, progress=lambda _: None):
    return read_by(engine, work.home, pending(work.context())[0], progress)


def test_shards_give_the_same_rows_and_leave_no_file(pages: Workplace):
    alone = read(pages, HERE)
    done: list[int] = []
    assert read(pages, Apart(), done.append).equals(alone)
    assert len(done) > 1
    assert sum(done) == PAGES == len(set(alone["document_id"].to_pylist()))
    assert not (pages.home.shards / "mentions").exists()


@pytest.mark.slow
def test_processes_give_the_same_rows_though_one_is_killed(pages: Workplace):
    killed = []

    def kill_one(_: int) -> None:
        if not killed:
            killed.append(active_children()[0])
            killed[0].kill()

    assert read(pages, Processes(2), kill_one).equals(read(pages, HERE))
    assert killed


def test_what_a_killed_run_had_read_is_not_read_again(pages: Workplace, monkeypatch: pytest.MonkeyPatch):
    class Dies(Apart):
        def map(self, function, shards):
            yield function(shards[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(pages, Dies())
    again: list[DocumentShard] = []
    rows_of = documents.read_documents

    def counted(tables, ids):
        again.append(ids)
        return rows_of(tables, ids)

    class Counts(Apart):
        def map(self, function, shards):
            monkeypatch.setattr(documents, "read_documents", counted)
            yield from map(read_shard, shards)

    rows = read(pages, Counts())
    monkeypatch.setattr(documents, "read_documents", rows_of)
    assert len(again) == -(-PAGES // IN_SHARD) - 1
    assert rows.equals(read(pages, HERE))
