"""A run shows its progress on standard error: a bar in a terminal, else sentences."""

import os
import pty
import termios

import pytest

from tests.support.commands import Process
from tests.support.pipeline import command, variables
from xnai_pipelines.defs.resources import PROGRESS
from xnai_pipelines.state import context


@pytest.mark.slow
def test_a_terminal_shows_each_step_and_a_bar(work):
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    process = Process(["-m", "xnai_pipelines.cli", "run", "--no-evaluation"], variables(work), stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # how Linux reports that the process has closed the terminal
        pass
    os.close(ours)
    process.communicate()
    assert process.returncode == 0, shown
    said = shown.decode()
    assert said.startswith("Starting the job ingest of ")
    for step in ("documents", "chunks", "embeddings"):
        assert f"{step} ..." in said
        assert f"{step:<24}: 100%" in said


def test_a_pipe_gets_sentences_and_not_a_bar(work, monkeypatch, caplog):
    monkeypatch.setattr(context, "LOG_EVERY_SECONDS", 0.0)
    done = command(variables(work), "run", "--no-evaluation")
    assert done.code == 0, done.err
    lines = done.err.splitlines()
    assert lines.index("documents ...") < lines.index("chunks ...") < lines.index("embeddings ...")
    assert any(line.startswith("documents: 5/5 files, ") for line in lines)
    assert "100%" not in done.err
    assert not PROGRESS.handlers
    assert PROGRESS.name not in {record.name for record in caplog.records}, "a handler of the root prints it again"
