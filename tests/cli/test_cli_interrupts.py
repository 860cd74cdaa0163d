"""Ctrl-C ends a command whenever it comes, and so does the end of its terminal."""

import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator

import pytest

from tests.support.waiting import LONGEST_SECONDS
from xnai_pipelines.interrupts import hangups_as_interrupts, interrupts_repeated


class Interrupted(BaseException):
    """What Dagster raises during a step in place of KeyboardInterrupt."""


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """A process that a shell started in the background ignores SIGINT, and one under `nohup` SIGHUP."""
    before = {ending: signal.getsignal(ending) for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for ending, handler in before.items():
        signal.signal(ending, handler)


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
import signal, sys, xnai_pipelines.cli
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

def interrupted():
    signal.raise_signal(signal.%s)

sys.modules["xnai_pipelines.cli.app"].settings = interrupted
sys.argv = ["xnai", "backup"]
xnai_pipelines.cli.main()
"""


@pytest.mark.parametrize("ending", ["SIGINT", "SIGHUP"])
def test_an_interrupted_command_says_so_in_a_sentence(ending: str):
    ended = subprocess.run([sys.executable, "-c", INTERRUPTED % ending], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (130, "xnai: Interrupted. Nothing is left half-done.\n")


def test_where_sigterm_is_heeded_as_by_a_run_the_end_of_the_terminal_is_the_same():
    came: list[int] = []
    with hangups_as_interrupts():
        signal.signal(signal.SIGTERM, lambda number, _: came.append(number))
        signal.raise_signal(signal.SIGHUP)
    assert came == [signal.SIGHUP]
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL


def test_under_nohup_a_command_outlives_its_terminal():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with hangups_as_interrupts():
        signal.raise_signal(signal.SIGHUP)


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
