"""Standard streams that are closed, full or gone end no work and give no trace, and no file takes their place."""

import os
import pty
import subprocess
import sys

import pytest

from xnai_pipelines.state.full_memory import is_of_full_memory

WORK = """
import os, sys
from xnai_pipelines.cli.app import progress
from xnai_pipelines.cli.streams import keep_streams
keep_streams()
opened = os.open(os.devnull, os.O_RDONLY)
print("a library prints to the file that is number 1", flush=True)
for n in range(3):
    progress(f"{n} of 3")
sys.stdin.read()
sys.exit(0 if opened > 2 else 9)
"""


def ended(shell: str, code: str = WORK) -> subprocess.CompletedProcess[str]:
    command = ["sh", "-c", f'exec "$0" -c "$1" {shell}', sys.executable, code]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_no_file_takes_the_place_of_a_closed_stream(closed):
    done = ended(closed)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_command_ends_as_always_without_a_stream(closed):
    done = ended(
        closed, "from xnai_pipelines.cli.app import main; import sys; sys.argv = ['xnai', '--version']; main()"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_work_goes_on_without_anybody_who_sees_its_progress():
    assert ended("2> /dev/full").returncode == 0


@pytest.mark.parametrize("both", [False, True])
def test_a_terminal_that_is_gone_ends_a_command_without_a_trace(both):
    kept, terminal = pty.openpty()
    os.close(kept)
    run = [sys.executable, "-m", "xnai_pipelines.cli", "--version"]
    done = subprocess.run(run, stdout=terminal, stderr=terminal if both else subprocess.PIPE, text=True, check=False)
    os.close(terminal)
    assert done.returncode == 3
    assert both or done.stderr.startswith("xnai: The output cannot be written (Input/output error).")
    assert both or len(done.stderr.splitlines()) == 1


def test_a_full_memory_is_told_by_its_words_or_by_its_cause():
    class OfLibraryError(Exception):
        pass

    wrapped = ValueError("The model cannot be opened.")
    wrapped.__cause__ = OfLibraryError("Exception during initialization: std::bad_alloc")
    for error in (
        MemoryError(),
        OSError(12, "..."),
        wrapped,
        RuntimeError("can't start new thread"),
        ImportError("x.so: failed to map segment"),
    ):
        assert is_of_full_memory(error)
    for error in (ValueError("nothing"), OSError(28, "..."), RuntimeError("allocated")):
        assert not is_of_full_memory(error)


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        ("MemoryError", "The memory that this command may use is used up."),
        ("OSError(28, 'No space left on device', 'f')", "A disk is full ([Errno 28] No space left on device: 'f')."),
    ],
)
def test_a_full_memory_or_disk_is_one_sentence(raised, told):
    done = ended(
        "",
        "from importlib import import_module\n"
        f"def full(**_): raise {raised}\n"
        "full.registered_groups = full.registered_commands = ()\n"
        "module = import_module('xnai_pipelines.cli.app')\n"
        "module.app = full\n"
        "module.main()",
    )
    assert done.returncode == 3
    assert done.stderr.startswith(f"xnai: {told}")
    assert len(done.stderr.splitlines()) == 1
