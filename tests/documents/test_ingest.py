"""A run costs what changed, and leaves every table in line with the folder."""

import json
import os
import unicodedata

import pytest

from tests.support.workplace import Workplace
from xnai_pipelines.documents import file_reader
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, FILES, QUARANTINE


def test_a_first_run_accounts_for_every_file_and_makes_release_1(filled: Workplace):
    reports = filled.ingest()

    filled.check_whole()
    assert filled.sources() == {
        "guide.md",
        "notes/rain.txt",
        "notes/sun.txt",
        "corpus.jsonl#1",
        "corpus.jsonl#2",
        "table.csv#a",
        "table.csv#b",
    }
    assert reports.documents.outcomes == {"documents": 5, "quarantined": 1, "skipped": 2}
    assert reports.documents.changes["new"] == 7
    quarantine = filled.rows(QUARANTINE)
    assert quarantine.keys() == {"broken.ipynb", "corpus.jsonl#line 3"}
    assert all(row["error"] and row["attempts"] == 1 for row in quarantine.values())
    assert reports.embeddings.release == 1
    assert reports.embeddings.encoded == reports.embeddings.vectors == reports.chunks.chunks


def test_a_run_with_nothing_changed_writes_no_commit(filled: Workplace):
    filled.ingest()
    before = filled.versions()
    reports = filled.ingest()

    assert filled.versions() == before
    assert reports.documents.changes["unchanged"] == 7
    assert (reports.documents.written, reports.chunks.cut, reports.embeddings.encoded) == (0, 0, 0)


def test_an_edit_touches_its_own_document_alone(filled: Workplace):
    filled.ingest()
    before = {spec.name: filled.rows(spec) for spec in (DOCUMENTS, CHUNKS, filled.embeddings)}
    filled.write("notes/rain.txt", "Rain fell on the plain.\n")
    reports = filled.ingest()

    filled.check_whole()
    assert (reports.documents.written, reports.documents.deleted, reports.chunks.cut) == (1, 0, 1)
    assert (reports.embeddings.encoded, reports.embeddings.removed) == (1, 1)
    for spec in (DOCUMENTS, CHUNKS, filled.embeddings):
        others = {k: row for k, row in filled.rows(spec).items() if row["source"] != "notes/rain.txt"}
        assert others == {k: r for k, r in before[spec.name].items() if r["source"] != "notes/rain.txt"}


def test_an_edit_of_bytes_that_leaves_the_text_renews_the_hash_and_cuts_nothing(work: Workplace):
    work.write("a.txt", b"One line.\nAnother line.\n")
    work.ingest()
    (before,) = work.rows(DOCUMENTS).values()
    work.write("a.txt", b"One line.\r\nAnother line.\r\n")
    reports = work.ingest()

    (after,) = work.rows(DOCUMENTS).values()
    assert after["text"] == before["text"]
    assert after["content_sha256"] == work.rows(FILES)["a.txt"]["content_sha256"] != before["content_sha256"]
    assert (reports.chunks.cut, reports.embeddings.encoded) == (0, 0)


def test_a_rename_embeds_nothing(filled: Workplace):
    filled.ingest()
    (filled.documents / "notes/rain.txt").rename(filled.documents / "notes/weather.txt")
    (filled.documents / "table.csv").rename(filled.documents / "materials.csv")
    reports = filled.ingest()

    filled.check_whole()
    assert reports.documents.changes["renamed"] == 2
    assert (reports.documents.deleted, reports.documents.deleted_examples) == (0, ())
    assert reports.embeddings.encoded == 0
    assert reports.embeddings.from_cache == 3
    assert {"notes/weather.txt", "materials.csv#a"} <= filled.sources()
    assert not {"notes/rain.txt", "table.csv#a"} & filled.sources()


def test_a_deleted_document_goes_from_every_table(filled: Workplace):
    filled.ingest()
    (filled.documents / "guide.md").unlink()
    (filled.documents / "broken.ipynb").unlink()
    reports = filled.ingest()

    filled.check_whole()
    assert (reports.documents.changes["deleted"], reports.documents.deleted) == (2, 1)
    for spec in (FILES, DOCUMENTS, QUARANTINE, CHUNKS, filled.embeddings):
        assert "guide.md" not in str(filled.tables.read(spec, spec.schema.names).to_pylist()), spec.name
    assert not filled.search().search("installer", mode="keyword")


def test_a_document_that_shrinks_leaves_no_chunk_behind(work: Workplace):
    sections = "\n\n".join(f"## Part {n}\n\n" + f"Sentence number {n} is here. " * 12 for n in range(6))
    work.write("long.md", "# Long\n\n" + sections)
    many = work.ingest().chunks.chunks
    work.write("long.md", "# Long\n\nShort now.\n")
    few = work.ingest().chunks.chunks

    work.check_whole()
    assert few == 1 < many


def test_records_of_a_file_change_one_by_one(work: Workplace):
    def corpus(**texts: str) -> None:
        lines = [json.dumps({"_id": key, "title": "", "text": text}) for key, text in texts.items()]
        work.write("corpus.jsonl", "\n".join(lines))

    corpus(a="Apples are red.", b="Bananas are yellow.", c="Cherries are dark.")
    work.ingest()
    corpus(a="Apples are red.", b="Bananas are green at first.", d="Dates are brown.")
    reports = work.ingest()

    work.check_whole()
    assert work.sources() == {"corpus.jsonl#a", "corpus.jsonl#b", "corpus.jsonl#d"}
    assert (reports.documents.written, reports.documents.deleted) == (2, 1)
    assert (reports.chunks.unchanged, reports.embeddings.encoded) == (1, 2)


def test_names_are_stored_in_one_form_whichever_the_file_system_has(work: Workplace):
    for name in ("Übersicht/Größe.md", "Übersicht/Sätze.jsonl", "Übersicht/kaputt.json"):
        assert unicodedata.is_normalized("NFC", name)
    work.write(unicodedata.normalize("NFD", "Übersicht/Größe.md"), "# Sizes\n\nThe pump is large.\n")
    work.write(unicodedata.normalize("NFD", "Übersicht/Sätze.jsonl"), '{"_id": "1", "text": "First."}\n')
    work.write(unicodedata.normalize("NFD", "Übersicht/kaputt.json"), "{")
    work.ingest()

    assert work.sources() == {"Übersicht/Größe.md", "Übersicht/Sätze.jsonl#1"}
    assert [row["source"] for row in work.rows(QUARANTINE).values()] == ["Übersicht/kaputt.json"]
    again = work.ingest()
    assert (again.documents.written, again.documents.deleted) == (0, 0)


def test_a_file_whose_name_changes_its_unicode_form_keeps_its_document(work: Workplace):
    composed = work.write("Größe.md", "# Sizes\n\nThe pump is large.\n")
    decomposed = composed.with_name(unicodedata.normalize("NFD", composed.name))
    composed.rename(decomposed)
    work.ingest()
    decomposed.rename(composed)
    renamed = work.ingest()

    assert work.sources() == {"Größe.md"}
    assert (renamed.documents.deleted, renamed.documents.quarantined) == (0, 0)
    work.write(decomposed.name, "# Other sizes\n")
    assert work.ingest().documents.quarantined == 1
    composed.unlink()
    work.ingest()
    (row,) = work.rows(DOCUMENTS).values()
    assert row["title"] == "Other sizes"
    assert not work.rows(QUARANTINE)


def test_of_records_with_one_id_the_first_is_kept_and_the_others_are_named(work: Workplace):
    work.write("twice.jsonl", '{"_id": "1", "text": "First."}\n{"_id": "1", "text": "Second."}\n')
    work.ingest()

    work.check_whole()
    assert [row["text"] for row in work.rows(DOCUMENTS).values()] == ["First."]
    assert [row["error_type"] for row in work.rows(QUARANTINE).values()] == ["duplicate_id"]


def test_bad_records_with_one_id_are_each_in_quarantine_and_stop_no_later_run(work: Workplace):
    bad = '{"_id": "1", "text": " "}\n'
    work.write("bad.jsonl", '{"_id": "0", "text": "Good."}\n' + bad * 3)
    work.ingest()
    work.check_whole()
    assert len(work.rows(QUARANTINE)) == 3

    work.write("bad.jsonl", '{"_id": "0", "text": "Good still."}\n' + bad * 2)
    work.ingest()
    work.check_whole()
    assert [row["attempts"] for row in work.rows(QUARANTINE).values()] == [2, 2]


def test_a_file_named_like_a_record_of_another_is_put_aside(work: Workplace):
    work.write("a.jsonl", '{"_id": "1.txt", "text": "The record."}\n')
    work.write("a.jsonl#1.txt", "The file.\n")
    work.ingest()

    work.check_whole()
    assert [row["text"] for row in work.rows(DOCUMENTS).values()] == ["The record."]
    assert [row["error_type"] for row in work.rows(QUARANTINE).values()] == ["duplicate_id"]


def test_a_table_of_no_records_is_skipped_once(work: Workplace):
    work.write("empty.csv", "id,text\n")
    work.write("a.txt", "Something to read.\n")
    reports = work.ingest()
    before = work.versions()
    work.ingest()

    assert reports.documents.outcomes == {"documents": 1, "skipped": 1}
    assert work.versions() == before


def test_text_that_has_no_words_is_not_cut_in_every_run(work: Workplace):
    work.write("odd.txt", "\u200b\u200b\n")
    work.write("signs.txt", "\U0001f600 \u2014 \u2026\n")
    work.ingest()
    before = work.versions()
    work.ingest()

    assert work.versions() == before
    work.check_whole()


def test_lone_surrogates_and_other_oddities_in_records_stop_nothing(work: Workplace):
    work.write(
        "odd.jsonl",
        '{"_id": "\\ud800", "title": "\\udfff", "text": "\\ud83d alone"}\n'
        '{"_id": "nul", "title": "\\u0000", "text": "a\\u0000b"}\n'
        '{"_id": "quote\'s -- \\"", "text": "it\'s"}\n'
        '{"_id": 7, "text": "A number is an id."}\n',
    )
    work.ingest()
    work.check_whole()
    assert len(work.sources()) == 4


def test_the_same_content_in_two_files_is_two_documents_embedded_once(work: Workplace):
    work.write("one.txt", "The very same sentence.\n")
    work.write("two.txt", "The very same sentence.\n")
    reports = work.ingest()
    work.check_whole()
    assert len(work.sources()) == 2
    # the title, from the file's name, is part of what is embedded
    assert reports.embeddings.vectors == 2

    (work.documents / "one.txt").unlink()
    work.ingest(allow_vanishing=True)
    work.check_whole()
    assert work.sources() == {"two.txt"}


def test_swapped_names_are_two_edits(work: Workplace):
    work.write("a.txt", "The text about apples.\n")
    work.write("b.txt", "The text about pears, longer.\n")
    work.ingest()
    a, b, aside = (work.documents / name for name in ("a.txt", "b.txt", "aside"))
    a.rename(aside)
    b.rename(a)
    aside.rename(b)
    reports = work.ingest()

    work.check_whole()
    assert reports.documents.changes["edited"] == 2
    texts = {row["source"]: row["text"] for row in work.rows(DOCUMENTS).values()}
    assert "pears" in texts["a.txt"]
    assert "apples" in texts["b.txt"]


def test_a_touched_file_is_hashed_once_and_noted(work: Workplace):
    path = work.write("a.txt", "Text.\n")
    work.ingest()
    documents = work.rows(DOCUMENTS)
    os.utime(path, ns=(1_600_000_000 * 10**9,) * 2)
    assert work.ingest().documents.changes["unchanged"] == 1
    assert work.rows(DOCUMENTS) == documents
    before = work.versions()
    work.ingest()
    assert work.versions() == before
    assert work.rows(FILES)["a.txt"]["modified_ns"] == 1_600_000_000 * 10**9


def test_an_edit_with_size_and_time_preserved_is_found(work: Workplace):
    path = work.write("a.txt", "Text A.\n")
    work.ingest()
    times = (path.stat().st_mtime_ns,) * 2
    path.write_text("Text B.\n")
    os.utime(path, ns=times)
    assert work.ingest().documents.changes["edited"] == 1
    assert [row["text"] for row in work.rows(DOCUMENTS).values()] == ["Text B.\n"]


@pytest.mark.parametrize("seconds", [-(10**9), 10**10, 2 * 10**10, 10**12])
def test_a_file_from_another_century_is_read(work: Workplace, seconds: int):
    path = work.write("a.txt", "Text.\n")
    try:
        os.utime(path, (seconds, seconds))
    except (OSError, OverflowError):
        pytest.skip("the file system does not store this time")
    work.ingest_documents()
    assert work.sources() == {"a.txt"}
    version = work.tables.version(FILES)
    work.ingest_documents()
    assert work.tables.version(FILES) == version


def test_files_that_swap_their_names_are_read_although_sizes_and_times_are_the_same(work: Workplace):
    first, second = work.write("a.txt", "Rain."), work.write("b.txt", "Snow.")
    os.utime(second, ns=(first.stat().st_mtime_ns,) * 2)
    work.ingest_documents()
    first.rename(work.documents / "c.txt")
    second.rename(first)
    (work.documents / "c.txt").rename(second)
    assert work.ingest_documents().changes["edited"] == 2

    texts = {row["source"]: row["text"] for row in work.rows(DOCUMENTS).values()}
    assert texts == {"a.txt": "Snow.", "b.txt": "Rain."}
    assert work.ingest_documents().changes["unchanged"] == 2


def test_a_file_of_many_documents_tells_how_far_it_is(work: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_reader, "LOG_EVERY_SECONDS", 0.0)
    work.write("rows.csv", "id,text\n1,one word\n2,another word\n")
    work.ingest_documents()
    assert [sentence for sentence in work.said if "so far" in sentence] == [
        "documents: 1 so far in rows.csv",
        "documents: 2 so far in rows.csv",
    ]
