"""The fence around a home: a process that lost one of its leases commits nothing more there.

A process that was paused does not know that another took over. So every commit asks first: the writes and removals of
files in `layout`, the lines of `json_lines`, the folders of `artefacts`, and the commits of `Tables`. The answer holds
until the commit is done, since PostgreSQL keeps the leases' rows locked.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import local
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xnai_pipelines.state.leases import Lease, Leases

_held: "dict[Path, tuple[Leases, list[Lease]]]" = {}  # by this process, by the folder of the home
_committing = local()  # whether this thread is inside a commit


@contextmanager
def fenced(root: Path, leases: "Leases", lease: "Lease") -> Iterator[None]:
    """Let commits below the home's folder pass only if this process still has the lease, while the block runs."""
    _, held = _held.setdefault(_normal(root), (leases, []))
    held.append(lease)
    try:
        yield
    finally:
        held.remove(lease)


@contextmanager
def committing(path: Path) -> Iterator[None]:
    """Run the block, which commits something at the path, unless this process lost a lease of the home around it.

    Raises:
        HomeError: It did; the block does not run.
    """
    leases, held = next((_held[root] for root in _held if _normal(path).is_relative_to(root)), (None, []))
    if leases is None or not held or getattr(_committing, "now", False):
        yield
        return
    with leases.committing(held):
        _committing.now = True
        try:
            yield
        finally:
            _committing.now = False


def _normal(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100  links stay: a home's models may be links out of it
