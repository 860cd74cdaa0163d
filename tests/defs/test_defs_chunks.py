"""The checks of chunks pass on what a run left, and each fails on what it is there to find."""

import pytest

from tests.support.defs_checked import delete, first, shown, update
from tests.support.pipeline import resource
from xnai_pipelines.defs.chunks import no_orphan_chunks, offsets_hold
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS


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
