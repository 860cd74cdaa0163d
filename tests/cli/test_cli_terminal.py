"""What a terminal shows of names and texts is data: never markup, never codes, in any encoding."""

import io
import sys

import pytest
from rich.console import Console

from xnai_pipelines.cli import rendering
from xnai_pipelines.cli.app import main, print_json
from xnai_pipelines.search.hits import Hit

ODD = ["C:\\data\\", "pages/[slug].tsx", "[/bold]", "[red]x[/red]", ":smile:", "a\\[b]"]


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    output = io.StringIO()
    monkeypatch.setattr(rendering, "console", Console(file=output, width=200))
    return output


@pytest.mark.parametrize("text", ODD)
def test_brackets_and_backslashes_are_shown_as_they_are(printed: io.StringIO, text: str) -> None:
    rendering.say(text, (text, "bold"))
    rendering.table(text, [text], [[text]])
    assert printed.getvalue().count(text) == 5


@pytest.mark.parametrize("text", ODD)
def test_a_hit_is_shown_as_it_is(printed: io.StringIO, text: str) -> None:
    values = dict.fromkeys(Hit.__dataclass_fields__) | {
        "rank": 1, "source": text, "start": 0, "end": 9, "score": 0.5, "heading_path": (text,), "copies": 0, "path": (),
        "snippet": f"{text}**{text}**{text}",
    }  # fmt: skip
    rendering.show_hits(text, [Hit(**values)])
    assert printed.getvalue().count(text) == 6


def test_control_characters_do_not_reach_the_terminal(printed: io.StringIO) -> None:
    rendering.say("a\x1b[2Jb\rc")
    assert printed.getvalue() == "a\ufffd[2Jb\ufffdc\n"


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
