"""What a terminal shows of names and texts is data, in any encoding; tables fit it without broken words."""

import io
import os
import subprocess
import sys

import pytest
from rich.console import Console

from xnai_pipelines.answers.answer import Citation, Sentence, State
from xnai_pipelines.cli import show_answers, show_run, show_search, terminal
from xnai_pipelines.cli.app import main, print_json, progress
from xnai_pipelines.search.hits import Hit

COLUMNS = ["variant", "megabytes", "nDCG@10", "against fp32", "reason"]
ROWS = [["int8_dynamic", "22.95", "0.708", "-0.4 %", "the smallest variant within every limit of the policy"]]
ODD = ["C:\\data\\", "pages/[slug].tsx", "[/bold]", "[red]x[/red]", ":smile:", "a\\[b]"]


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    output = io.StringIO()
    monkeypatch.setattr(terminal, "_output", Console(file=output, width=200))
    return output


@pytest.mark.parametrize("text", ODD)
def test_brackets_and_backslashes_are_shown_as_they_are(printed: io.StringIO, text: str) -> None:
    terminal.say(text, (text, "bold"))
    terminal.table(text, [text], [[text]])
    assert printed.getvalue().count(text) == 5


@pytest.mark.parametrize("text", ODD)
def test_a_hit_is_shown_as_it_is(printed: io.StringIO, text: str) -> None:
    values = dict.fromkeys(Hit.__dataclass_fields__) | {
        "rank": 1, "source": text, "start": 0, "end": 9, "score": 0.5, "heading_path": (text,), "copies": 0, "path": (),
        "snippet": f"{text}**{text}**{text}",
    }  # fmt: skip
    show_search.show_hits(text, [Hit(**values)])
    assert printed.getvalue().count(text) == 6


def test_control_characters_do_not_reach_the_terminal(printed: io.StringIO) -> None:
    terminal.say("a\x1b[2Jb\rc")
    assert printed.getvalue() == "a\ufffd[2Jb\ufffdc\n"


def test_a_name_with_a_line_break_stays_on_its_line(printed: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    name = "plan\nof\u2028rooms.md"
    values = dict.fromkeys(Hit.__dataclass_fields__) | {
        "rank": 1, "source": name, "start": 0, "end": 9, "score": 0.5, "heading_path": (), "copies": 0, "path": (),
        "snippet": "A room.",
    }  # fmt: skip
    show_search.show_hits("Rooms?", [Hit(**values)])
    terminal.table("Quarantine", ["source"], [[name]])
    progress(f"documents: 9 so far in {name}")
    assert (printed.getvalue() + capsys.readouterr().err).count("plan\u21b5of\u21b5rooms.md") == 3


def test_code_in_an_answer_keeps_its_lines(printed: io.StringIO) -> None:
    show_answers.show_sentence(Sentence("def f():\n    return 1", State.VERBATIM, ()), [])
    assert printed.getvalue().splitlines()[:2] == ["def f():", "    return 1"]


def test_sentences_of_a_model_and_names_of_sources_are_data_too(printed: io.StringIO) -> None:
    hostile = "\x1b[2K\rauthentic [/x]"
    cited = Citation("d", hostile, 0, 9, (hostile,), None, "quote")
    show_answers.show_sentence(Sentence(hostile, State.UNSUPPORTED, (cited,), hostile), [])
    terminal.say(show_answers.place(cited))
    source = {"name": hostile, "kind": "git", "prefix": "", "files": 0, "fetched": 0, "removed": 0}
    show_run.show_sources([source | {"failed": {hostile: hostile}, "synced_at": None, "trouble": hostile}])
    assert "\x1b" not in printed.getvalue()
    assert "\r" not in printed.getvalue()
    assert printed.getvalue().count("[/x]") >= 6


def test_a_letter_that_the_encoding_lacks_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    monkeypatch.setattr(sys, "argv", ["xnai", "--version"])
    with pytest.raises(SystemExit):
        main()
    print("Übersicht")
    print_json({"source": "Übersicht"})
    sys.stdout.flush()
    assert b'?bersicht\n{\n  "source": "\\u00dcbersicht"\n}' in raw.getvalue()


def table_of(monkeypatch: pytest.MonkeyPatch, width: int) -> list[str]:
    output = io.StringIO()
    monkeypatch.setattr(terminal, "_output", Console(file=output, width=width))
    terminal.table("Variants", COLUMNS, ROWS, ["megabytes", "nDCG@10"])
    return output.getvalue().splitlines()


@pytest.mark.parametrize("width", [100, 70, 60, 58])
def test_every_word_stays_whole(monkeypatch, width):
    lines = table_of(monkeypatch, width)
    assert all(len(line) <= width for line in lines)
    words = " ".join(lines).split()
    for cell in [*COLUMNS, *ROWS[0]]:
        assert set(cell.split()) <= set(words)
    assert not any("Not shown" in line for line in lines)


def test_a_path_in_a_title_is_not_broken(monkeypatch):
    output = io.StringIO()
    monkeypatch.setattr(terminal, "_output", Console(file=output, width=40))
    title = "Plan for /home/somebody/a/rather/long/folder/of/documents"
    terminal.table(title, ["files", "count"], [["new", 1]], ["count"])
    assert output.getvalue().splitlines()[0] == title


def test_a_narrow_terminal_shows_the_first_columns_and_names_the_others(monkeypatch):
    lines = table_of(monkeypatch, 40)
    assert all(len(line) <= 40 for line in lines)
    assert "int8_dynamic" in " ".join(lines)
    assert "smallest" not in " ".join(lines)
    assert "Not shown at this width: against fp32, reason." in " ".join(" ".join(lines).split())


@pytest.mark.parametrize("width", [20, 40, 60])
def test_a_fact_is_never_shown_without_its_value(monkeypatch, width):
    output = io.StringIO()
    monkeypatch.setattr(terminal, "_output", Console(file=output, width=width))
    value = "/srv/documents/" + "long-name-" * 8 + "end"
    terminal.table("Home", ["what", "value"], [["quarantined", value], ["documents", "8"]])
    lines = output.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert value in "".join(output.getvalue().removeprefix("Home").replace("quarantined", "").split())


@pytest.mark.parametrize(("device", "code", "said"), [("/dev/full", 3, 1), (None, 1, 0)])
def test_output_that_cannot_be_written_ends_a_command_without_a_trace(device, code, said):
    if device:
        output = os.open(device, os.O_WRONLY)
    else:
        reader, output = os.pipe()
        os.close(reader)
    run = [sys.executable, "-m", "xnai_pipelines.cli", "--version"]
    ended = subprocess.run(run, stdout=output, stderr=subprocess.PIPE, text=True, check=False)
    os.close(output)
    assert ended.returncode == code
    assert (
        ended.stderr.count("xnai: The output cannot be written (No space left on device)")
        == said
        == len(ended.stderr.splitlines())
    )
