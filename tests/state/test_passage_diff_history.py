"""The small pure parts of the stages: what is embedded, what has to be done, how long it took."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xnai_pipelines.chunks.passage import LONGEST_CONTEXT, page_at, passage
from xnai_pipelines.state.context import StageRun, history, record, throughput
from xnai_pipelines.state.diff import diff, diff_rows

KEYS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 2))
TITLES = st.text(alphabet="ab ", max_size=120)


@pytest.mark.parametrize(
    ("title", "path", "text", "expected"),
    [
        ("Guide", ("Install",), "Run it.", "Guide > Install\nRun it."),
        ("Guide", ("Guide", "Install"), "Run it.", "Guide > Install\nRun it."),
        ("Guide", ("Install",), "# Install\nRun it.", "Guide\n# Install\nRun it."),
        ("Guide", (), "The Guide says: run it.", "The Guide says: run it."),
        ("", (), "Run it.", "Run it."),
        ("t" * 150, ("h" * 60, "Inner"), "Run it.", "h" * 60 + " > Inner\nRun it."),
        ("Guide", ("h" * 300,), "Run it.", "Run it."),
    ],
)
def test_a_passage_stands_under_the_headings_it_does_not_say_itself(title, path, text, expected):
    assert passage(title, path, text) == expected


@given(TITLES, st.lists(TITLES, max_size=4), st.text(max_size=80))
def test_a_passage_ends_with_its_text_after_a_short_context(title, path, text):
    whole = passage(title, path, text)
    assert whole.endswith(text)
    context = whole.removesuffix(text)
    assert len(context) <= LONGEST_CONTEXT + len(" > ") * (len(path) + 1) + 1


def test_the_page_is_the_last_that_began():
    pages = [{"start": 0, "label": "page 1"}, {"start": 10, "label": "page 2"}, {"start": 10, "label": "page 3"}]
    assert [page_at(pages, start) for start in (0, 9, 10, 99)] == ["page 1", "page 1", "page 3", "page 3"]
    assert page_at([], 5) is None
    assert page_at([{"start": 3, "label": "page 2"}], 2) is None


@given(KEYS, KEYS)
def test_doing_what_a_diff_says_leaves_what_is_wanted(wanted, found):
    work = diff(wanted, found)
    done = {key: value for key, value in found.items() if key not in work.removed}
    done |= {key: wanted[key] for key in work.to_write}
    assert done == wanted
    assert len(work.to_write) + work.unchanged + len(work.removed) == len({*wanted, *found})


@given(KEYS, KEYS)
def test_rows_in_arrow_differ_as_the_same_rows_in_mappings_do(wanted, found):
    def rows(values):
        revisions = pa.array(list(values.values()), pa.int64())
        return pa.table({"key": pa.array(list(values), pa.string()), "revision": revisions})

    assert diff_rows(rows(wanted), rows(found), "key") == diff(wanted, found)


def run(stage: str, items: int, seconds: float) -> StageRun:
    return StageRun(stage, "run", "2026-01-01T00:00:00+00:00", items, seconds)


def test_history_is_read_back_in_order_without_a_line_that_was_cut_off(tmp_path: Path):
    reports = tmp_path / "reports"
    assert history(reports) == []
    record(reports, run("chunks", 10, 2.0))
    with (reports / "stages.jsonl").open("a") as file:
        file.write('\n{"stage": "chunks", "run_')
    record(reports, run("chunks", 20, 2.0))
    record(reports, run("chunks", 30, 2.0))
    assert [past.items for past in history(reports)] == [10, 20, 30]


def test_throughput_is_the_median_of_the_last_executions_that_had_work():
    runs = [run("chunks", 1_000, 1.0)] * 30
    runs += [run("chunks", 10 * n, 10.0) for n in range(1, 21)]
    runs += [run("chunks", 0, 5.0), run("chunks", 5, 0.0), run("documents", 7, 1.0)]
    assert throughput(runs, "chunks") == pytest.approx(10.5)
    assert throughput(runs, "documents") == 7
    assert throughput(runs, "embeddings") is None
