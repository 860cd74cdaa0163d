"""A row's hash tells what differs, and depends on that row alone."""

import pyarrow as pa

from xnai_pipelines.graph.fingerprints import fingerprint_of_all, fingerprints

LISTS = pa.list_(pa.string())
ROWS = [
    {"text": "a", "number": 1, "items": ["x", "y"]},
    {"text": "a", "number": 1, "items": ["y", "x"]},
    {"text": "a", "number": 1, "items": ["xy"]},
    {"text": "", "number": 1, "items": []},
    {"text": None, "number": 1, "items": []},
    {"text": "a", "number": 2, "items": []},
    {"text": "0" * 32, "number": 2, "items": ["0" * 32]},
    {"text": "größer", "number": -1, "items": [""]},
]
SCHEMA = pa.schema([("text", pa.string()), ("number", pa.int64()), ("items", LISTS)])


def hashes(rows: list[dict]) -> list[str]:
    return fingerprints(pa.Table.from_pylist(rows, schema=SCHEMA).combine_chunks().columns).to_pylist()


def test_rows_that_differ_have_different_hashes():
    found = hashes(ROWS)
    assert len(set(found)) == len(ROWS)
    assert all(len(each) == 32 and int(each, 16) >= 0 for each in found)


def test_a_row_has_the_same_hash_alone_and_among_others():
    assert [hashes([row])[0] for row in ROWS] == hashes(ROWS) == hashes(ROWS[::-1])[::-1]


def test_a_slice_of_a_table_has_the_hashes_of_its_rows():
    part = pa.Table.from_pylist(ROWS, schema=SCHEMA).slice(2, 4)
    assert fingerprints(part.columns).to_pylist() == hashes(ROWS)[2:6]


def test_floats_are_told_apart_and_no_rows_have_no_hashes():
    assert len(set(fingerprints([pa.array([0.5, 0.25, 0.0, -1.0])]).to_pylist())) == 4
    assert fingerprints([pa.array([], pa.string())]).to_pylist() == []


def test_the_hash_of_all_does_not_depend_on_their_order_but_on_each():
    assert fingerprint_of_all(pa.array(["a", "b"])) == fingerprint_of_all(pa.array(["b", "a"]))
    assert len({fingerprint_of_all(pa.array(each, pa.string())) for each in ([], ["a"], ["a", "a"], ["a", "b"])}) == 4
