"""A file of records gives a document for each good record and a name for each bad one, in bounded memory."""

import json
import time
import tracemalloc
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.parsing_files import Parse
from xnai_pipelines.documents.parsers.isolation import ParserWorker
from xnai_pipelines.documents.parsers.parse import parse_file
from xnai_pipelines.documents.parsers.parsed import (
    Heading,
    Markup,
    ParsedDocument,
    ParseLimits,
    SourceFile,
    UnreadableRecord,
)
from xnai_pipelines.documents.parsers.records.records import parse_jsonl
from xnai_pipelines.errors import UnreadableError

BEIR = {
    "_id": "4983",
    "title": "Cerebral  white\nmatter",
    "text": "Alterations of the brain.",
    "metadata": {},
}


def lines(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def parquet(columns: dict[str, list[object]]) -> bytes:
    stream = BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def bad(found: list[ParsedDocument | UnreadableRecord]) -> list[tuple[str, str]]:
    return [(one.record, one.kind) for one in found if isinstance(one, UnreadableRecord)]


def good(found: list[ParsedDocument | UnreadableRecord]) -> list[ParsedDocument]:
    return [one for one in found if isinstance(one, ParsedDocument)]


def test_a_beir_corpus_is_a_document_a_line_with_its_title_as_heading(parse: Parse) -> None:
    (document,) = parse("corpus.jsonl", lines(BEIR))
    assert isinstance(document, ParsedDocument)
    assert document.record_id == "4983"
    assert document.title == "Cerebral white matter"
    assert document.text == "Cerebral white matter\n\nAlterations of the brain."
    assert document.headings == (Heading(0, 1, "Cerebral white matter"),)
    assert (document.markup, document.media_type, document.language) == (
        Markup.PLAIN,
        "application/jsonl",
        "en",
    )
    assert document.parser.startswith("jsonl@")


def test_bad_lines_are_named_and_cost_no_other_line(parse: Parse) -> None:
    data = (
        lines(BEIR).encode()
        + b"{broken\n\n"
        + b'{"_id": "x", "text": "\xff"}\n'
        + b"[" * 5000
        + b"\n"
        + lines(
            ["no", "object"],
            {"text": "no id"},
            {"_id": "5", "text": ["no", "text"]},
            {"_id": "6", "text": " "},
            {"_id": "4983", "text": "again"},
            {"id": 7, "text": "a number"},
            {"_id": "8", "title": "only"},
        ).encode()
    )
    found = parse("corpus.jsonl", data)
    assert [one.record_id for one in good(found)] == ["4983", "5", "7", "8"]
    assert [one.text for one in good(found)[1:4:2]] == ["no\ntext", "only"]
    assert bad(found) == [
        ("line 2", "damaged"),
        ("line 4", "damaged"),
        ("line 5", "too_deep"),
        ("line 6", "damaged"),
        ("line 7", "damaged"),
        ("6", "empty"),
        ("line 10", "duplicate_id"),
    ]


def test_a_record_beyond_the_limits_is_named(parse: Parse) -> None:
    limits = ParseLimits(max_file_bytes=200, max_text_chars=50)
    rows = lines({"_id": "1", "text": "x" * 500}, {"_id": "2", "text": "y" * 100}, {"_id": "3", "text": "fine"})
    found = parse("big.jsonl", rows, limits)
    assert [one.record_id for one in good(found)] == ["3"]
    assert bad(found) == [("line 1", "too_large"), ("2", "too_large")]


@pytest.mark.parametrize(
    ("text", "read", "broken"),
    [
        ('{"id": "a", "text": "x"}\n{"id": "b", "text":\n', ["x"], ["line 2"]),
        ('{"q": "a"}\n{"q":\n', ['{"q": "a"}'], ["line 2"]),
        ('{"q":\n\n{"q": "a"}\n', ['{"q": "a"}'], ["line 1"]),
        ('{"id": "a", "text": "x"\n{"id": "b"', [], ["line 1", "line 2"]),
        ('{\n  "q": [\n    1,\n{"q": "a"}\n  ]\n}\n', ['{\n  "q": [\n    1,\n{"q": "a"}\n  ]\n}'], []),
        ('started\nstopped\n{"q": "a"}\n', ['started\nstopped\n{"q": "a"}'], []),
    ],
)
def test_a_broken_line_is_named_and_the_others_are_read(
    parse: Parse, text: str, read: list[str], broken: list[str]
) -> None:
    found = parse("a.jsonl", text)
    assert [one.text.strip() for one in good(found)] == read
    assert bad(found) == [(place, "damaged") for place in broken]


def test_json_lines_without_records_are_one_plain_document(parse: Parse) -> None:
    (document,) = parse("log.jsonl", lines({"level": "info"}, {"level": "warn"}))
    assert isinstance(document, ParsedDocument)
    assert (document.record_id, document.title) == (None, "log")
    assert document.text.count("\n") == 2


@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ","), ("a.csv", ";"), ("a.tsv", "\t")])
def test_tables_with_an_id_and_a_text_are_records(parse: Parse, name: str, delimiter: str) -> None:
    rows = [["id", "text", "title"], ["1", '"two\nlines"', "T"], ["2"], ["3", "more"]]
    found = parse(name, "\r\n".join(delimiter.join(row) for row in rows))
    assert [(one.record_id, one.text) for one in good(found)] == [("1", "T\n\ntwo\nlines"), ("3", "more")]
    assert bad(found) == [("line 4", "damaged")]


def test_a_second_id_is_a_field_of_its_record(parse: Parse) -> None:
    (document,) = good(parse("a.jsonl", lines({"_id": "1", "id": "INV-77", "text": "hello"})))
    assert (document.record_id, document.text) == ("1", "hello\n\nid: INV-77")


@pytest.mark.parametrize(
    ("name", "text"), [("a.csv", "id,text\n1,fine\n2,wor\ud800ds\n"), ("a.jsonl", '{"id": 1, "text": "wor\ud800ds"}\n')]
)
def test_records_of_a_damaged_file_in_utf_16_say_so(parse: Parse, name: str, text: str) -> None:
    *_, document = good(parse(name, b"\xff\xfe" + text.encode("utf-16-le", "surrogatepass")))
    assert document.text == "wor\ufffdds"
    assert "utf-16" in str(document.encoding_repair)


def test_a_quote_that_never_closes_costs_its_own_row_only(parse: Parse) -> None:
    found = parse("a.csv", 'id,text\n1,fine\n2,"open\n3,also fine\n4,"closed"\n')
    assert [one.record_id for one in good(found)] == ["1", "3", "4"]
    assert bad(found) == [("line 3", "damaged")]


def test_a_legacy_row_in_a_utf8_table_is_named(parse: Parse) -> None:
    rows = b"id,text\n" + b"1,fine\n" * 1 + b"x" * 70_000 + b",long\n2," + "é".encode("latin-1") + b"\n3,good\n"
    found = parse("a.csv", rows)
    assert [one.record_id for one in good(found)][-1] == "3"
    assert bad(found) == [("line 4", "damaged")]


def test_a_legacy_table_is_decoded_as_a_whole(parse: Parse) -> None:
    table = "id;text\n1;Съешь же ещё этих мягких французских булок\n2;да выпей чаю\n"
    assert good(parse("a.csv", table.encode("cp1251")))[1].text == "да выпей чаю"


def test_a_table_without_records_is_one_markdown_table(parse: Parse) -> None:
    (document,) = parse("plan.csv", "Month,Sum\nMay,1|2\nJune\n")
    assert isinstance(document, ParsedDocument)
    assert document.text == "| Month | Sum |\n| --- | --- |\n| May | 1\\|2 |\n| June |  |"
    assert (document.title, document.markup) == ("plan", Markup.MARKDOWN)


def test_a_table_with_the_line_ends_of_old_macs_is_read(parse: Parse) -> None:
    (document,) = parse("old.csv", "a,b\r1,2\r")
    assert isinstance(document, ParsedDocument)
    assert document.text == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_parquet_rows_are_records_or_one_table(parse: Parse) -> None:
    found = parse("a.parquet", parquet({"_id": [1, 2, 2], "text": ["one", None, "two"], "extra": [0.5, 1, 2]}))
    assert [one.record_id for one in good(found)] == ["1", "2"]
    assert bad(found) == [("2", "empty")]
    (table,) = parse("b.parquet", parquet({"a": [1, None], "b": ["x", "y"]}))
    assert isinstance(table, ParsedDocument)
    assert table.text == "| a | b |\n| --- | --- |\n| 1 | x |\n|  | y |"


def test_a_damaged_parquet_file_is_damaged(parse: Parse) -> None:
    data = parquet({"id": ["1"], "text": ["one"]})
    with pytest.raises(UnreadableError) as caught:
        parse("a.parquet", data[: len(data) // 2])
    assert caught.value.kind == "damaged"


def test_every_field_of_a_record_is_in_its_text(parse: Parse) -> None:
    rows = (
        lines(
            {
                "id": 1,
                "text": "Body.",
                "answer": "Restart it.",
                "tags": ["a", "b"],
                "by": {"who": {"name": "Ann"}},
                "n": 7,
            },
            {"id": 2, "text": None, "answer": "Only here", "empty": "", "none": None, "flag": True},
            {"id": 3, "text": {"en": "Nested body"}, "steps": [{"do": "stop"}, {"do": "wait"}]},
            {"id": 4, "text": " ", "count": 3},
        )
        + '{"id": 5, "text": "Price", "price": 12.50, "note": "one", "note": "two"}\n{"id": 6.5, "text": 7}\n'
    )
    found = parse("a.jsonl", rows)
    assert [one.text for one in good(found)] == [
        "Body.\n\nanswer: Restart it.\ntags: a, b\nby.who.name: Ann\nn: 7",
        "answer: Only here\nflag: true",
        "en: Nested body\n\nsteps.1.do: stop\nsteps.2.do: wait",
        "Price\n\nprice: 12.50\nnote: one\nnote (2): two",
        "7",
    ]
    assert bad(found) == [("4", "empty")]


def test_columns_without_a_name_or_with_the_same_name_are_kept(parse: Parse) -> None:
    found = parse("a.csv", "id,text,text,\n1,one,two,three,four\n")
    assert [one.text for one in good(found)] == ["one\n\ntext (2): two\ncolumn 4: three\ncolumn 5: four"]


@pytest.mark.parametrize("start", ["sep={}\n", "\ufeffsep={}\r\n", '"sep={}"\n', "\ufeff", "\n\n", ""])
@pytest.mark.parametrize("delimiter", [";", "|", "\t", ","])
def test_the_delimiter_is_named_or_found(parse: Parse, start: str, delimiter: str) -> None:
    rows = [["id", "title", "text"], ["1", "T; x", '"a, b; c | d\nnext"'], ["2", "", "second"]]
    rows[1][1] = '"T; x, y"'
    table = "\n".join(delimiter.join(row) for row in rows)
    found = parse("a.csv", start.format(delimiter) + table)
    assert [one.text for one in good(found)] == ["T; x, y\n\na, b; c | d\nnext", "second"]
    assert bad(found) == []


def test_a_separator_line_is_no_row_of_a_table_without_records(parse: Parse) -> None:
    (document,) = parse("a.csv", "sep=|\nMonth|Sum\nMay|1\n")
    assert isinstance(document, ParsedDocument)
    assert document.text == "| Month | Sum |\n| --- | --- |\n| May | 1 |"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_records_in_any_encoding_are_read(parse: Parse, name: str, encoding: str) -> None:
    words = "Größe der Prüfung für Geräte"
    rows = f"id,text\n1,{words}\n" if name == "a.csv" else f'{{"id": 1, "text": "{words}"}}\n'
    assert [one.text for one in good(parse(name, rows.encode(encoding)))] == [words]


@pytest.mark.parametrize(
    ("name", "row"), [("a.csv", "{},Größe {}\n"), ("a.jsonl", '{{"id": "{}", "text": "Größe {}"}}\n')]
)
def test_a_damaged_byte_of_a_row_is_replaced_and_named(parse: Parse, name: str, row: str) -> None:
    head = "id,text\n" if name == "a.csv" else ""
    rows = head + "".join(row.format(at, f"von Gerät {at}") for at in range(5))
    found = good(parse(name, rows.encode().replace("Gerät 3".encode(), b"Ger\xe4t 3")))
    assert [one.text for one in found][2:4] == ["Größe von Gerät 2", "Größe von Ger\ufffdt 3"]
    line = 5 if name == "a.csv" else 4
    assert [(one.encoding_repair or "").endswith(f" of line {line}") for one in found] == [False] * 3 + [True, False]


def test_json_lines_are_told_by_their_content(parse: Parse) -> None:
    found = parse("a.json", lines({"id": 1, "text": "one"}, {"id": 2, "text": "two"}))
    assert [one.record_id for one in good(found)] == ["1", "2"]
    (whole,) = parse("b.json", '{"price": 12.50, "a": 1, "a": 2}')
    assert isinstance(whole, ParsedDocument)
    assert whole.text == '{\n  "price": 12.50,\n  "a": 1,\n  "a (2)": 2\n}'


def test_every_column_of_parquet_is_in_the_text(parse: Parse) -> None:
    (document,) = parse("a.parquet", parquet({"id": ["1"], "text": ["one"], "owner": ["Ann"], "raw": [b"abc"]}))
    assert isinstance(document, ParsedDocument)
    assert document.text == "one\n\nowner: Ann\nraw: (3 bytes)"


def test_mojibake_is_repaired_record_by_record(parse: Parse) -> None:
    found = good(parse("a.jsonl", lines({"id": "1", "text": "It’s café"}, {"id": "2", "text": "Itâ€™s cafÃ©"})))
    assert [one.text for one in found] == ["It’s café", "It’s café"]
    assert [one.encoding_repair for one in found] == [None, "utf-8 read as cp1252"]


@pytest.mark.slow
def test_a_corpus_streams_in_bounded_memory_and_time(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    text = "An abstract about cells and what they do. " * 35
    path.write_text("".join(lines({"_id": str(at), "title": f"Title {at}", "text": text}) for at in range(5183)))
    tracemalloc.start()
    count = sum(1 for _ in parse_jsonl(SourceFile(path, path.name, "application/jsonl", ParseLimits())))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 5183
    assert peak < 4 * 2**20  # of an 8 MB file
    started = time.process_time()
    sum(1 for _ in parse_jsonl(SourceFile(path, path.name, "application/jsonl", ParseLimits())))
    assert time.process_time() - started < 2


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    with ParserWorker() as worker:
        documents = parse_file(tmp_path / "missing.md", "missing.md", ParseLimits(), worker)
        with pytest.raises(UnreadableError, match="cannot be opened") as caught:
            next(documents)
    assert caught.value.kind == "unreadable"


@pytest.mark.parametrize(
    ("name", "row", "text"),
    [
        ("a.csv", '1,"He said \\"hi\\", then left"', 'He said "hi", then left'),
        ("a.csv", '1,"The size is 5 \\""', 'The size is 5 "'),
        ("a.tsv", '1\t"Open quote', '"Open quote'),
    ],
)
def test_quotes_as_databases_and_tab_separated_files_write_them_are_read(
    parse: Parse, name: str, row: str, text: str
) -> None:
    tab = "\t" if name == "a.tsv" else ","
    found = parse(name, f"id{tab}text\n{row}\n2{tab}next\n")
    assert [one.text for one in good(found)] == [text, "next"]
    assert bad(found) == []


def test_records_with_the_line_ends_of_old_macs_are_read(parse: Parse) -> None:
    assert [one.text for one in good(parse("a.csv", "id,text\r1,one\r2,two\r"))] == ["one", "two"]
