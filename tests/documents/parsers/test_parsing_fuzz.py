"""Damaged files of every format end as documents or with a reason, and never outside of the worker process."""

import pytest

from tests.support.fuzz import fuzz
from tests.support.fuzz_seeds import seeds
from tests.support.parsing_files import Parse
from xnai_pipelines.documents.parsers.parsed import ParsedDocument
from xnai_pipelines.documents.parsers.registry import parsers


def test_the_files_that_are_damaged_are_good_and_of_every_parser(parse: Parse) -> None:
    read = {name: parse(name, data) for name, data in seeds().items()}
    assert all(isinstance(document, ParsedDocument) for documents in read.values() for document in documents)
    used = {parser for documents in read.values() for document in documents for parser in document.parser.split()}
    assert used == {parser.id for parser in parsers()}


@pytest.mark.slow
def test_damaged_files_end_with_reasons() -> None:
    counts = fuzz(seconds=0, seed=1, least=100)
    assert counts["read"] > 0
    assert sum(count for found, count in counts.items() if found.startswith("quarantined")) > 0
