"""Workers cut documents to the rows that the run itself makes, in the same order, whatever their number."""

from dataclasses import replace

import pyarrow as pa
import pytest

from tests.support.workplace import CHUNKING, Workplace
from xnai_pipelines.chunks.make import make_chunks
from xnai_pipelines.compute.engine import HERE, Engine, Here
from xnai_pipelines.compute.processes import Processes
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.state import document_shards
from xnai_pipelines.state.schemas import CHUNKS

PAGES = 20


class Apart(Here):
    """This process, with data in files as for other processes."""

    apart = True


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_shards, "DOCUMENTS_IN_SHARD", 8)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    work = Workplace(tmp_path_factory.mktemp("pages"), built_encoder)
    for number in range(PAGES):
        work.write(f"{number}.md", f"# Page {number}\n\n" + f"The tide of day {number} is high.\n\n" * 30)
    work.ingest_documents()
    return work


def cut_by(work: Workplace, engine: Engine) -> pa.Table:
    """Return the table of chunks as it is stored, cut anew."""
    work.tables.drop(CHUNKS.name)
    make_chunks(replace(work.context(), engine=engine), CHUNKING, work.tokens)
    return work.tables.read(CHUNKS, CHUNKS.schema.names)


def test_shards_give_the_same_table_and_leave_no_file(pages: Workplace):
    alone = cut_by(pages, HERE)
    assert len(alone) > PAGES
    assert cut_by(pages, Apart()).equals(alone)
    assert not (pages.home.shards / "chunks").exists()


@pytest.mark.slow
def test_processes_give_the_same_table_and_measure_themselves(pages: Workplace):
    engine = Processes(2)
    assert cut_by(pages, engine).equals(cut_by(pages, HERE))
    figures = engine.figures.values()
    assert sum(one.shards for one in figures) == -(-PAGES // 8)
    assert all(one.seconds > 0 and one.peak_bytes > 0 for one in figures)
