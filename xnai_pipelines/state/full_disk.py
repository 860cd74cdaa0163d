"""A full disk, told in a sentence: libraries and the system say it in different ways."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xnai_pipelines.errors import BackupError, HomeError

FULL_BYTES = 2**18  # less than a commit needs
_FULL = re.compile(
    "No space left on device|disk is full"
    r"|Not enough free space to write|\d+ requested and \d+ written"  # NumPy's
)


@contextmanager
def full_disk_told(folder: Path) -> Iterator[None]:
    """Run the block, which writes below the folder.

    Raises:
        HomeError: The disk is full.
    """
    try:
        yield
    except (BackupError, HomeError):  # told already
        raise
    except Exception as error:
        full = full_disk(folder, error)
        if full:
            raise full from error
        raise


def full_disk(folder: Path, error: BaseException) -> HomeError | None:
    """Return the error that tells a person that an error comes of a full disk; None if it does not."""
    if not is_of_full_disk(error) and shutil.disk_usage(folder).free >= FULL_BYTES:
        return None
    return disk_is_full(folder, error)


def disk_is_full(folder: Path, error: BaseException) -> HomeError:
    """Return the error that tells a person that the disk of a folder is full."""
    return HomeError(
        f"The disk of {folder} is full ({error}). What was written is kept. Free some space and run again, or set "
        "XNAI_HOME to a folder on another disk."
    )


def is_of_full_disk(error: BaseException) -> bool:
    """Return whether an error tells of a full disk; LanceDB, SQLite, NumPy and the system do it in different ways."""
    # LanceDB raises a plain RuntimeError without an error number, so its message is the only evidence
    return _FULL.search(str(error)) is not None
