"""A full memory, which libraries and the system tell in different ways."""

import errno
import re

from xnai_pipelines.errors import XnaiError

_FULL = re.compile(
    "bad_alloc|[Aa]llocate memory|[Oo]ut of memory|Unable to allocate|can't start new thread|failed to map segment"
)


def is_of_full_memory(error: BaseException) -> bool:
    """Return whether an error, or what it was raised from, tells of a full memory or of a limit set for it."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    # ONNX Runtime, torch and the system's loader raise errors of their own, which only their words tell from others
    if not isinstance(error, XnaiError) and _FULL.search(str(error)):
        return True
    return error.__cause__ is not None and is_of_full_memory(error.__cause__)
