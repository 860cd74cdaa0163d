"""Files of JSON lines, one per day and machine: appends of several machines to one file of a shared volume get lost."""

import socket
from datetime import date
from pathlib import Path


def file_of_day(folder: Path, day: date | str) -> Path:
    """Return the file of a day (as a date, or ISO 8601) that the processes of this machine append to."""
    return folder / f"{day}.{socket.gethostname()}.jsonl"


def remove_before(folder: Path, first: date) -> int:
    """Remove the files of days before the first one to keep, those without a machine in their name too.

    Returns:
        Number of files removed.
    """
    old = [path for path in folder.glob("????-??-??*.jsonl") if path.name[:10] < first.isoformat()]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
