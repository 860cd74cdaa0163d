"""Arrays in files that are filled where they lie, by writes into mapped memory."""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


def new_array(path: Path, kind: npt.DTypeLike, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Return an array of zeros in a new file.

    The file gets its space first. Without that, a write into mapped memory for which the disk has no space left ends
    the process by a signal, without a word.

    Raises:
        OSError: The disk is full.
    """
    array = np.lib.format.open_memmap(path, "w+", np.dtype(kind), shape)
    if sys.platform == "linux":
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array
