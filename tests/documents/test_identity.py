"""Ids and revisions depend on what they identify, on all of it, and on nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xnai_pipelines.documents.identity import chunk_id, document_id, document_revision, source_name
from xnai_pipelines.documents.parsers.parsed import Heading, Markup, Page, ParsedDocument
from xnai_pipelines.state.artefacts import file_sha256

ANY_TEXT = st.text(alphabet=st.characters(), max_size=12)
DOCUMENT = ParsedDocument(None, "Title", "Text.", "text/plain", Markup.PLAIN, "plain@1")


def test_ids_are_those_of_earlier_versions():
    """Stored ids must not change: every document would be deleted and embedded again."""
    assert document_id("guide.md") == "262bfe34927ca5c95ac4856801b2bb98"
    assert chunk_id("d", 0, 5, "Text.") == "b2482b759e003bf1de1a504fd1892d76"


@given(ANY_TEXT, st.integers(0, 99), st.integers(0, 99), ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_chunks_that_differ_have_different_ids(document, start, end, text, other, another):
    assert chunk_id(document, start, end, text) == chunk_id(document, start, end, text)
    if (document, text) != (other, another):
        assert chunk_id(document, start, end, text) != chunk_id(other, start, end, another)


def test_parts_do_not_run_together():
    assert chunk_id("a", 1, 23, "b") != chunk_id("a", 12, 3, "b")
    assert chunk_id("ab", 1, 2, "c") != chunk_id("a", 1, 2, "bc")
    assert document_id("a#b") != document_id("a") != document_id("A")


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other"},
        {"text": "Text!"},
        {"media_type": "text/markdown"},
        {"markup": Markup.CODE},
        {"language": "en"},
        {"headings": (Heading(0, 1, "Text."),)},
        {"pages": (Page(0, "page 1"),)},
    ],
)
def test_a_revision_covers_all_that_later_stages_read(change):
    assert document_revision(replace(DOCUMENT, **change)) != document_revision(DOCUMENT)


@pytest.mark.parametrize("change", [{"parser": "plain@2"}, {"encoding_repair": "latin-1"}, {"record_id": "7"}])
def test_a_revision_covers_nothing_else(change):
    assert document_revision(replace(DOCUMENT, **change)) == document_revision(DOCUMENT)


def test_a_file_is_hashed_whole(tmp_path: Path):
    path = tmp_path / "a"
    path.write_bytes(b"")
    assert file_sha256(path) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    path.write_bytes(b"abc" * 10**6)
    assert file_sha256(path) != file_sha256(Path(__file__))


@pytest.mark.parametrize("written", ["wiki/Übersicht.md", "./wiki/U\u0308bersicht.md", ".//./wiki/Übersicht.md"])
def test_a_source_has_one_name_however_it_is_written(written: str):
    assert source_name(written) == "wiki/Übersicht.md"


def test_a_hidden_or_parent_folder_keeps_its_dots():
    assert (source_name(".git/a"), source_name("../a"), source_name("a/./b")) == (".git/a", "../a", "a/./b")
