"""A file that loops, swells or crashes its parser costs that file: the next one is read."""

import os
import signal
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.waiting import NEVER_SECONDS
from xnai_pipelines.documents.parsers.isolation import ParserWorker
from xnai_pipelines.documents.parsers.parse import parse_file
from xnai_pipelines.documents.parsers.parsed import ParsedDocument, ParseLimits
from xnai_pipelines.errors import UnreadableError

PAGE = "<html><body><p>words</p></body></html>"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text(PAGE)
    return path


def read(worker: ParserWorker, path: Path, limits: ParseLimits | None = None) -> str:
    (document,) = parse_file(path, path.name, limits or ParseLimits(), worker)
    assert isinstance(document, ParsedDocument)
    return document.text


def process_of(worker: ParserWorker) -> subprocess.Popen[bytes]:
    assert worker._process is not None
    return worker._process


def records(tmp_path: Path) -> Path:
    stream = BytesIO()
    count = 2000
    pq.write_table(pa.table({"id": range(count), "text": ["words " * 100] * count}), stream)
    path = tmp_path / "records.parquet"
    path.write_bytes(stream.getvalue())
    return path


@pytest.mark.slow
def test_one_process_serves_many_files_and_ends_with_its_context(page: Path) -> None:
    with ParserWorker() as worker:
        assert worker._process is None
        assert read(worker, page) == "words"
        first = process_of(worker)
        assert read(worker, page) == "words"
        assert process_of(worker) is first
    assert first.returncode is not None


@pytest.mark.slow
def test_a_file_that_takes_too_long_is_ended_and_the_next_is_read(page: Path, tmp_path: Path) -> None:
    slow = tmp_path / "slow.html"
    slow.write_text("<html><body>" + "<p>words <b>and</b> more</p>" * 20_000)
    with ParserWorker() as worker:
        read(worker, page)
        first = process_of(worker)
        with pytest.raises(UnreadableError, match=r"longer than 0\.01 s") as caught:
            read(worker, slow, ParseLimits(seconds=0.01))
        assert caught.value.kind == "timeout"
        assert first.returncode == -signal.SIGKILL
        assert read(worker, page) == "words"


@pytest.mark.slow
def test_a_file_that_takes_too_much_memory_is_ended_and_the_next_is_read(page: Path, tmp_path: Path) -> None:
    large = tmp_path / "large.html"
    large.write_text("<html><body>" + "<p>words</p>" * 500_000)
    with ParserWorker() as worker:
        read(worker, page)
        with pytest.raises(UnreadableError) as caught:
            read(worker, large, ParseLimits(memory_bytes=250 * 2**20, seconds=NEVER_SECONDS))
        assert caught.value.kind in {"memory", "crashed"}
        assert read(worker, page) == "words"


@pytest.mark.slow
def test_a_crash_in_the_middle_keeps_what_came_before(page: Path, tmp_path: Path) -> None:
    path = records(tmp_path)
    with ParserWorker() as worker:
        documents = parse_file(path, path.name, ParseLimits(), worker)
        next(documents)
        os.kill(process_of(worker).pid, signal.SIGSEGV)
        with pytest.raises(UnreadableError, match="SIGSEGV") as caught:
            list(documents)
        assert caught.value.kind == "crashed"
        assert read(worker, page) == "words"


@pytest.mark.slow
def test_a_reader_who_stops_early_leaves_no_replies_for_the_next_file(page: Path, tmp_path: Path) -> None:
    path = records(tmp_path)
    with ParserWorker() as worker:
        documents = parse_file(path, path.name, ParseLimits(), worker)
        next(documents)
        documents.close()
        assert read(worker, page) == "words"


@pytest.mark.slow
def test_a_process_that_died_between_files_is_replaced(page: Path) -> None:
    with ParserWorker() as worker:
        read(worker, page)
        process_of(worker).kill()
        process_of(worker).wait()
        assert read(worker, page) == "words"


@pytest.mark.slow
def test_the_process_ends_when_its_parent_is_gone(page: Path) -> None:
    with ParserWorker() as worker:
        read(worker, page)
        process = process_of(worker)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait() == 0


def test_importing_the_package_loads_no_parser() -> None:
    code = (
        "import sys, xnai_pipelines.documents.parsers; heavy = {'markitdown', 'trafilatura', 'pypdfium2', 'py3langid',"
        " 'pandas', 'openpyxl', 'pptx', 'lxml', 'pyarrow'}; print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.slow
def test_a_file_name_that_is_no_unicode_is_read(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/na\xefve.html"))
    path.write_text(PAGE)
    with ParserWorker() as worker:
        assert read(worker, path) == "words"
