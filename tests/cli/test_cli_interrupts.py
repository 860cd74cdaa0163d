"""Ctrl-C ends a command whenever it comes."""

import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator

import pytest

from tests.support.waiting import LONGEST_SECONDS
from xnai_pipelines.interrupts import interrupts_repeated


class Interrupted(BaseException):
    """What Dagster raises during a step in place of KeyboardInterrupt."""


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """A process that a shell started in the background ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("raised", [KeyboardInterrupt, Interrupted])
def test_an_interrupt_while_garbage_is_collected_ends_the_command_all_the_same(
    raised: type[BaseException],
):
    class Garbage:
        pass

    def collected(_: object) -> None:
        raise raised

    garbage = [Garbage()]
    _kept = weakref.ref(garbage[0], collected)

    def work() -> None:
        garbage.clear()
        threading.Event().wait(LONGEST_SECONDS)

    with interrupts_repeated(), pytest.raises(KeyboardInterrupt):
        work()


INTERRUPTED = """
import sys, xnai_pipelines.cli

def interrupted():
    raise KeyboardInterrupt

sys.modules["xnai_pipelines.cli.app"].settings = interrupted
sys.argv = ["xnai", "backup"]
xnai_pipelines.cli.main()
"""


def test_an_interrupted_command_says_so_in_a_sentence():
    ended = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (130, "xnai: Interrupted. Nothing is left half-done.\n")


def test_another_error_that_python_ignores_is_printed_as_ever(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)

    class Careless:
        def __del__(self) -> None:
            raise ValueError("of no matter")

    with interrupts_repeated():
        careless = Careless()
        del careless
    assert sys.unraisablehook is sys.__unraisablehook__
    assert "ValueError: of no matter" in capsys.readouterr().err
