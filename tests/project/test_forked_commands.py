"""Commands that tests fork, see `tests/support/forked.py`, end as those of a process of their own do."""

import os
import signal

import pytest

from tests.support.commands import run

pytestmark = pytest.mark.slow

LATER = "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.01), print('later'))).start()"


@pytest.mark.parametrize(
    ("code", "ending", "printed", "said"),
    [
        ("print('done')", 0, "done", ""),
        ("import sys; sys.exit(3)", 3, "", ""),
        ("import sys; sys.exit('no such file')", 1, "", "no such file"),
        ("1 / 0", 1, "", "ZeroDivisionError: division by zero"),
        ("raise KeyboardInterrupt", -signal.SIGINT, "", "KeyboardInterrupt"),
        (LATER, 0, "later", ""),
        ("import atexit; atexit.register(print, 'at the end')", 0, "at the end", ""),
    ],
)
def test_a_command_ends_with_its_code_after_its_threads_and_what_is_registered_for_its_end(code, ending, printed, said):
    done = run(["-c", code], os.environ)
    assert (done.returncode, done.stdout.strip()) == (ending, printed)
    assert done.stderr.strip().endswith(said)
    assert bool(said) == bool(done.stderr)
