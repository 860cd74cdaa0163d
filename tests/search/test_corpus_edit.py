"""After any edits each passage has the same bytes as in files made from all rows: so are results and scores."""

import errno
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import lancedb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.workplace import Workplace
from xnai_pipelines.errors import DamagedArtefactError
from xnai_pipelines.releases.maintain import maintain
from xnai_pipelines.search import corpus, corpus_edit, posting_files
from xnai_pipelines.search.corpus import publish_corpus
from xnai_pipelines.search.corpus_edit import edit_corpus
from xnai_pipelines.search.corpus_files import TITLE, fill_corpus, terms_of
from xnai_pipelines.search.pieces import BASE, CODES, PLACES, SCHEMA, VECTORS, Pieces, rows_in
from xnai_pipelines.search.posting_files import GONE, WEIGHTS, inverted_in, postings_in
from xnai_pipelines.search.postings import Inverted, Postings
from xnai_pipelines.search.stems import stem
from xnai_pipelines.search.table_rows import TableRows
from xnai_pipelines.search.words import ANALYSER, fold
from xnai_pipelines.state import artefacts
from xnai_pipelines.state.artefacts import CARD, publish_artefact, read_card
from xnai_pipelines.state.schemas import embeddings_spec

SPEC = embeddings_spec("embeddings_test", 8)
WORDS = ["rain", "Rains", "x-41", "Haftpflichtversicherung", "Haftpflicht", "Versicherungen", "Haft", "Pflicht"]


@dataclass(frozen=True)
class Passage:
    text: str
    heading: str | None
    language: str | None

    @staticmethod
    def any() -> st.SearchStrategy["Passage"]:
        texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
        headings = st.sampled_from(["Weather", "Cables and wires", None])
        return st.builds(Passage, texts, headings, st.sampled_from(["de", "en", None]))


Documents = Mapping[str, list[Passage]]
ANY_DOCUMENTS = st.dictionaries(st.sampled_from("abcdef"), st.lists(Passage.any(), max_size=4))
STATES = st.lists(ANY_DOCUMENTS, min_size=2, max_size=4)


def rows_of(documents: Documents, block: int = 3) -> TableRows:
    """The rows of a table with these documents."""
    rows = [row(name, place, one) for name, some in documents.items() for place, one in enumerate(some)]
    table = pa.Table.from_pylist(rows, schema=SPEC.schema)
    terms = pa.chunked_array([terms_of(table)], pa.list_(pa.string()))
    table = table.set_column(table.column_names.index("terms"), "terms", terms)
    return TableRows.of(lancedb.connect("memory://").create_table(SPEC.name, table), block)


def row(document: str, place: int, passage: Passage) -> dict[str, Any]:
    chunk_id = hashed(document, place, passage.text)
    vector = np.random.default_rng(int(hashed(passage.text, passage.heading), 16)).standard_normal(8)
    return {
        "chunk_id": chunk_id,
        "document_id": hashed(document),
        "source": f"{document}.md",
        "ordinal": place,
        "start": 0,
        "end": len(passage.text),
        "text": passage.text,
        "heading_path": [passage.heading] if passage.heading else [],
        "language": passage.language,
        "passage": f"{passage.heading or ''}\n{passage.text}",
        "revision": hashed(chunk_id, passage.heading, passage.language),
        "analyser": ANALYSER,
        "vector": (vector / np.linalg.norm(vector)).astype(np.float32),
    }


def hashed(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def in_order(folder: Path) -> dict[str, bytes]:
    """The files, with what is in pieces in the order of the passages instead."""
    pieces, found = Pieces.read(folder), files(folder)
    everything = np.arange(len(pieces.places.of_rows))
    card = {name: value for name, value in read_card(folder).items() if name != "files"}
    return {
        **{name: content for name, content in found.items() if "/" not in name and name not in (PLACES, CARD, *GONE)},
        CARD: json.dumps(card).encode(),
        "numbers": json.dumps(numbers(postings_in(folder, pieces.places))).encode(),
        **{name: rows_in(folder, name, everything).tobytes() for name in (VECTORS, CODES)},
        **{name: json.dumps(pieces.values(name, everything.tolist())).encode() for name in SCHEMA.names},
        "postings": repr(entries(postings_in(folder, pieces.places))).encode(),
        "titles": repr(entries(inverted_in(folder, pieces.places, TITLE))).encode(),
    }


def entries(inverted: Inverted) -> list[tuple[Any, ...]]:
    """Term, row, weight and count of each passage with a term, in this order."""
    found: list[tuple[Any, ...]] = []
    for at, piece in enumerate(inverted.pieces):
        terms = np.repeat(piece.keys, np.diff(piece.starts)).tolist()
        more = [inverted.weights[at], inverted.times[at]] if isinstance(inverted, Postings) else []
        found += zip(terms, inverted.places.rows[piece.places].tolist(), *(one.tolist() for one in more), strict=True)
    return sorted(entry for entry in found if entry[1] >= 0)


def numbers(postings: Postings) -> list[int]:
    """How many passages have each term that any may have."""
    parts = [stem(word, language) for word in WORDS for language in ("de", "en")]
    return [postings.number(term) for term in (*WORDS, *map(fold, WORDS), *parts)]


def check_edits(states: list[Documents]) -> None:
    with TemporaryDirectory() as temporary:
        previous = None
        for number, state in enumerate(states):
            rows = rows_of(state)
            made, again, joined = (Path(temporary) / f"{number}-{name}" for name in ("made", "again", "joined"))
            publish_artefact(again, partial(fill_corpus, rows=rows))
            edit = partial(edit_corpus, rows=rows, previous=previous) if previous else partial(fill_corpus, rows=rows)
            publish_artefact(made, edit)
            publish_artefact(joined, partial(edit_corpus, rows=rows, previous=made, joined=True))
            assert in_order(made) == in_order(again)
            assert files(joined) == files(again)
            previous = made


@pytest.mark.slow
@settings(max_examples=8)  # each writes files
@given(STATES, st.sampled_from([0.5, 9.0]))
def test_any_edits_give_the_same_passages_as_all_rows(states: list[Documents], joined_share: float):
    with (
        patch.object(corpus_edit, "LARGEST_SHARE", 9.0),
        patch.object(corpus_edit, "JOINED_SHARE", joined_share),
        patch.object(posting_files, "_IN_MEMORY", 5),
    ):
        check_edits(states)


@pytest.mark.parametrize(
    ("share", "joined_share"), [(corpus_edit.LARGEST_SHARE, corpus_edit.JOINED_SHARE), (9.0, 0.0), (9.0, 9.0)]
)
def test_a_new_word_divides_the_compounds_of_other_documents(share: float, joined_share: float):
    before = {name: [Passage("Haftpflichtversicherung rain", None, "de")] for name in "abc"}
    after = {**before, "d": [Passage("Haftpflicht Versicherung", None, "de")]}
    with patch.object(corpus_edit, "LARGEST_SHARE", share), patch.object(corpus_edit, "JOINED_SHARE", joined_share):
        check_edits([before, after, before])


@pytest.fixture
def edits_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No files are made again, and no base is, however much a test edits."""

    def fail(*_: object) -> None:
        raise AssertionError("All files were made again.")

    monkeypatch.setattr(corpus, "fill_corpus", fail)
    monkeypatch.setattr(corpus_edit, "fill_corpus", fail)
    monkeypatch.setattr(corpus_edit, "LARGEST_SHARE", 0.9)
    monkeypatch.setattr(corpus_edit, "JOINED_SHARE", 0.9)


@pytest.mark.usefixtures("edits_alone")
@pytest.mark.parametrize("linked", [True, False])
def test_a_run_after_an_edit_leaves_what_is_in_the_base_where_it_is(
    ingested: Workplace, monkeypatch: pytest.MonkeyPatch, linked: bool
):
    def refuse(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "no hard links here")

    if not linked:
        monkeypatch.setattr(os, "link", refuse)
    before = base_of(ingested)
    ingested.write("notes/rain.txt", "The rain stopped.\n")
    ingested.ingest()
    after = base_of(ingested)
    assert (after == before) == linked
    assert "stopped" in ingested.search().search("rain", 1)[0].text
    assert not publish_corpus(ingested.home, ingested.tables, ingested.embeddings.name)


@pytest.mark.usefixtures("edits_alone")
def test_maintenance_erases_what_edits_left_in_the_base_and_open_searches_go_on(ingested: Workplace):
    ingested.write("notes/rain.txt", "The rain stopped.\n")
    ingested.ingest()
    opened = ingested.search()
    found = opened.search("rain", 5)
    assert held(ingested, "Rain fell on the hills")
    maintain(ingested.context(), kept_releases=2)
    assert not held(ingested, "Rain fell on the hills")
    assert opened.search("rain", 5) == ingested.search().search("rain", 5) == found
    made = base_of(ingested)
    maintain(ingested.context(), kept_releases=2)
    ingested.ingest()
    assert base_of(ingested) == made


def base_of(work: Workplace) -> dict[str, int]:
    """Which files the base is in; the weights may change with the mean length of passages."""
    (base,) = (work.home.index / work.embeddings.name).glob(f"[!.]*/{BASE}")
    return {path.name: path.stat().st_ino for path in base.iterdir() if path.name != WEIGHTS}


def held(work: Workplace, words: str) -> bool:
    return any(words.encode() in content for content in files(work.home.index).values())


def test_damaged_files_are_not_copied(ingested: Workplace):
    (vectors,) = (ingested.home.index / ingested.embeddings.name).rglob("vectors.npy")
    vectors.write_bytes(vectors.read_bytes()[:-4] + bytes(4))
    ingested.write("notes/rain.txt", "The rain stopped.\n")
    ingested.ingest()
    assert ingested.search().search("rain", 1)


def test_damage_that_an_edit_does_not_see_is_found_on_opening_and_not_copied(
    ingested: Workplace, monkeypatch: pytest.MonkeyPatch
):
    for share in ("LARGEST_SHARE", "JOINED_SHARE"):
        monkeypatch.setattr(corpus_edit, share, 0.9)
    (vectors,) = (ingested.home.index / ingested.embeddings.name).rglob("vectors.npy")
    written = vectors.stat()
    vectors.write_bytes(vectors.read_bytes()[:-4] + bytes(4))
    os.utime(vectors, ns=(written.st_atime_ns, written.st_mtime_ns))  # as a disk does it
    ingested.write("notes/rain.txt", "The rain stopped.\n")
    ingested.ingest()
    assert base_of(ingested)["vectors.npy"] == written.st_ino
    monkeypatch.setattr(artefacts, "_hashes", {})
    with pytest.raises(DamagedArtefactError, match=r"vectors\.npy"):
        ingested.search()
    maintain(ingested.context(), kept_releases=2)
    assert ingested.search().search("rain", 1)
