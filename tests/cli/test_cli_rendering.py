"""Tables fit the terminal without broken words; one that is too narrow shows fewer columns and names the others."""

import io

import pytest
from rich.console import Console

from xnai_pipelines.cli import rendering

COLUMNS = ["variant", "megabytes", "nDCG@10", "against fp32", "reason"]
ROWS = [["int8_dynamic", "22.95", "0.708", "-0.4 %", "the smallest variant within every limit of the policy"]]


def printed(monkeypatch: pytest.MonkeyPatch, width: int) -> list[str]:
    output = io.StringIO()
    monkeypatch.setattr(rendering, "console", Console(file=output, width=width))
    rendering.table("Variants", COLUMNS, ROWS, ["megabytes", "nDCG@10"])
    return output.getvalue().splitlines()


@pytest.mark.parametrize("width", [100, 70, 60, 58])
def test_every_word_stays_whole(monkeypatch, width):
    lines = printed(monkeypatch, width)
    assert all(len(line) <= width for line in lines)
    words = " ".join(lines).split()
    for cell in [*COLUMNS, *ROWS[0]]:
        assert set(cell.split()) <= set(words)
    assert not any("Not shown" in line for line in lines)


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (1_234, "1,234 files")], ids=str
)
def test_one_is_singular(number, shown):
    assert rendering.counted(number, "file") == shown


def test_a_path_in_a_title_is_not_broken(monkeypatch):
    output = io.StringIO()
    monkeypatch.setattr(rendering, "console", Console(file=output, width=40))
    title = "Plan for /home/somebody/a/rather/long/folder/of/documents"
    rendering.table(title, ["files", "count"], [["new", 1]], ["count"])
    assert output.getvalue().splitlines()[0] == title


def test_a_narrow_terminal_shows_the_first_columns_and_names_the_others(monkeypatch):
    lines = printed(monkeypatch, 40)
    assert all(len(line) <= 40 for line in lines)
    assert "int8_dynamic" in " ".join(lines)
    assert "smallest" not in " ".join(lines)
    assert "Not shown at this width: against fp32, reason." in " ".join(" ".join(lines).split())
