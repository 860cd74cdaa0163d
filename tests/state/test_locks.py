"""One process writes at a time, and a dead one holds nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from xnai_pipelines.errors import HomeError
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.locks import is_alive, shown_alive, sole_writer, was_shown_alive

WRITER = """
import sys
from pathlib import Path
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.locks import shown_alive
from xnai_pipelines.state.locks import sole_writer
home = Home(Path(sys.argv[1]))
with sole_writer(home, lambda said: print(said, flush=True)), shown_alive(home, "run"):
    print("writing", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def start(home: Home) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(home.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_a_second_writer_waits_and_says_for_whom(home: Home):
    with start(home) as first:
        assert first.stdout.readline() == "writing\n"
        with start(home) as second:
            assert second.stdout.readline() == f"Waiting for process {first.pid}, which is writing to {home.root}.\n"
            first.communicate("\n")
            assert second.stdout.readline() == "writing\n"
            second.communicate("\n")
    assert (first.returncode, second.returncode) == (0, 0)


def test_a_full_disk_does_not_keep_the_writer_from_its_lock(small_disk: Path):
    """`xnai maintain` needs it to free space."""
    home = Home(small_disk)
    (small_disk / "writer.lock").touch()
    with pytest.raises(OSError, match="space"):
        (small_disk / "filler").write_bytes(b"x" * 2**24)
    with sole_writer(home, pytest.fail):
        pass


def test_a_killed_writer_holds_nobody_up(home: Home):
    with start(home) as first:
        first.stdout.readline()
        assert is_alive(home, "run")
        first.kill()
        first.communicate()
    said: list[str] = []
    with sole_writer(home, said.append):
        assert said == []
    assert not is_alive(home, "run")
    assert was_shown_alive(home, "run")


def test_an_error_lets_go_of_the_lock(home: Home):
    with pytest.raises(RuntimeError), sole_writer(home, print):
        raise RuntimeError
    with start(home) as other:
        assert other.stdout.readline() == "writing\n"
        other.communicate("\n")


def test_a_run_that_ended_in_order_was_not_killed(home: Home):
    assert not is_alive(home, "run")
    assert not was_shown_alive(home, "run")
    with shown_alive(home, "run"):
        assert is_alive(home, "run")
        assert was_shown_alive(home, "run")
        assert not is_alive(home, "another run")
    assert not is_alive(home, "run")
    assert not was_shown_alive(home, "run")


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    for home in (Home(tmp_path / "file"), Home(tmp_path / "file" / "home")):
        with pytest.raises(HomeError, match=r"cannot be written.*XNAI_HOME"), sole_writer(home, print):
            pass
