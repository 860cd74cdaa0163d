from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.parsing_files import Parse
from xnai_pipelines.documents.parsers.isolation import ParserWorker
from xnai_pipelines.documents.parsers.parse import parse_file
from xnai_pipelines.documents.parsers.parsed import ParsedDocument, ParseLimits, UnreadableRecord


@pytest.fixture(scope="session")
def worker() -> Iterator[ParserWorker]:
    with ParserWorker() as one:
        yield one


@pytest.fixture
def parse(tmp_path: Path, worker: ParserWorker) -> Parse:
    """Writes the bytes to a file of that name and parses it."""

    def run(name: str, data: bytes | str, limits: ParseLimits | None = None) -> list[ParsedDocument | UnreadableRecord]:
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return list(parse_file(path, name, limits or ParseLimits(), worker))

    return run
