"""What a file holds and its text does not is stored with the document, counted by the run, and named."""

import json

import pytest

from tests.support.workplace import Workplace
from xnai_pipelines.documents.omissions import IncompleteDocument, incomplete_documents
from xnai_pipelines.documents.parsers.parsed import Omission
from xnai_pipelines.state.schemas import DOCUMENTS
from xnai_pipelines.status import home_status

OUTPUT = {"output_type": "stream", "text": ["4.2 kg\n"]}


def notebook(*outputs: object) -> str:
    cell = {"cell_type": "code", "source": "weigh()", "outputs": list(outputs)}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4})


@pytest.fixture
def weighed(work: Workplace) -> Workplace:
    """A folder of three files: two notebooks with outputs, of which one has two, and a text."""
    work.write("b.ipynb", notebook(OUTPUT))
    work.write("a.ipynb", notebook(OUTPUT, {"output_type": "error", "evalue": "scale missing"}))
    work.write("c.txt", "All of it.\n")
    return work


def test_omissions_are_stored_with_the_document_and_the_worst_come_first(weighed: Workplace) -> None:
    weighed.ingest_documents()
    found = incomplete_documents(weighed.tables)
    assert found == [
        IncompleteDocument("a.ipynb", (Omission("output of a cell", 2, "4.2 kg"),)),
        IncompleteDocument("b.ipynb", (Omission("output of a cell", 1, "4.2 kg"),)),
    ]
    assert found[0].statement == "output of a cell: 2 (4.2 kg)"


def test_a_run_and_the_status_count_what_was_left_out(weighed: Workplace) -> None:
    report = weighed.ingest_documents()
    assert (report.incomplete, report.left_out) == (2, {"output of a cell": 3})
    status = home_status(weighed.home)
    assert status.left_out == report.left_out
    assert list(status.incomplete) == ["a.ipynb", "b.ipynb"]
    assert weighed.ingest_documents().left_out == report.left_out  # nothing new: it is still left out


def test_a_table_without_the_column_gains_it_and_its_documents_are_read_when_their_parser_changes(
    weighed: Workplace,
) -> None:
    weighed.ingest_documents()
    weighed.tables.open(DOCUMENTS.name).drop_columns(["omissions"])
    assert incomplete_documents(weighed.tables) == []
    assert home_status(weighed.home).incomplete == {}
    weighed.write("b.ipynb", notebook(OUTPUT, OUTPUT))
    report = weighed.ingest_documents()
    assert report.left_out == {"output of a cell": 2}


def test_a_run_names_what_it_deleted_and_what_it_put_in_quarantine(weighed: Workplace) -> None:
    weighed.ingest_documents()
    (weighed.documents / "c.txt").unlink()
    weighed.write("a.ipynb", "{")
    report = weighed.ingest_documents(allow_vanishing=True)
    assert (report.deleted, report.deleted_examples) == (2, ("c.txt", "a.ipynb"))
    assert report.refused == 1
    assert report.refused_examples[0].startswith("a.ipynb: The file is not valid JSON")
    assert weighed.ingest_documents().refused == 0
