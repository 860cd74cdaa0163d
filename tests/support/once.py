"""What takes seconds to make and tests only read or copy: made once, whichever test process needs it first."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(folders: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return the folder of this name; the test process that asks first fills it, the others wait for it."""
    base = folders.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # each has a folder in the one that they share
        base = base.parent
    folder, made = base / name, base / f"{name}.made"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)  # what failed before
            folder.mkdir()
            make(folder)
            made.touch()
    return folder
