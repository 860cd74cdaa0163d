"""The checks of chunks pass on what a run left, and each fails on what it is there to find."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace

import pyarrow as pa
import pytest

from tests.support.defs_checked import delete, first, shown, update
from tests.support.pipeline import resource
from xnai_pipelines.defs.chunks import no_orphan_chunks, offsets_hold
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, TableSpec
from xnai_pipelines.state.tables import Tables


def _rows(spec: TableSpec, rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """Return rows of a table; columns that are not given are empty."""
    return pa.Table.from_pylist(list(rows), spec.schema)


class TestOffsetsHold:
    def test_it_passes_after_a_run(self, checked):
        result = offsets_hold(resource("stores"))
        assert result.passed
        assert shown(result, "chunks") == len(checked.rows(CHUNKS)) > 0

    @pytest.mark.parametrize("values", [{"start": 1}, {"end": 3}, {"text": "Other words."}], ids=str)
    def test_a_chunk_that_is_not_where_it_says_is_named(self, checked, values):
        key = update(checked, CHUNKS, **values)
        result = offsets_hold(resource("stores"))
        assert not result.passed
        assert shown(result, "wrong") == [key]

    def test_documents_whose_chunks_lie_in_many_batches_are_told_apart(self, tmp_path):
        tables = Tables.of(Home(tmp_path))
        texts = {f"{number:02}": f"{number:02} lines, and more of the same." for number in range(40)}
        tables.add(DOCUMENTS, _rows(DOCUMENTS, [{"document_id": key, "text": text} for key, text in texts.items()]))
        for start in (10, 0, 20):  # a batch for each part of all documents
            parts = {key: texts[key][start : start + 10] for key in reversed(texts)}
            if start == 0:
                parts["17"] = texts["18"][:10]
            chunks = [
                {"chunk_id": f"{key}/{start}", "document_id": key, "start": start, "end": start + 10, "text": part}
                for key, part in parts.items()
            ]
            tables.add(CHUNKS, _rows(CHUNKS, chunks))
        result = offsets_hold(SimpleNamespace(tables=tables))
        assert shown(result, "chunks") == 120
        assert shown(result, "wrong") == ["17/0"]

    def test_a_document_that_changed_under_its_chunks_is_found(self, checked):
        update(checked, DOCUMENTS, text="Another text altogether.")
        assert not offsets_hold(resource("stores")).passed


class TestNoOrphanChunks:
    def test_it_passes_after_a_run(self, checked):
        assert no_orphan_chunks(resource("stores")).passed

    def test_a_chunk_without_its_document_is_found(self, checked):
        key = delete(checked, DOCUMENTS)
        result = no_orphan_chunks(resource("stores"))
        assert not result.passed
        assert shown(result, "orphans") == [key]

    def test_a_document_without_chunks_is_found(self, checked):
        key = first(checked, DOCUMENTS)
        checked.tables.open("chunks").delete(f"document_id = '{key}'")
        result = no_orphan_chunks(resource("stores"))
        assert not result.passed
        assert shown(result, "without_chunks") == [key]
