"""The access log: who asked for what and what came of it. Never the question, a token or a document's text."""

import errno
import json
import logging
import os
from dataclasses import dataclass

from xnai_pipelines.state.day_files import file_of_day
from xnai_pipelines.state.layout import Home

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """One request: time (UTC, ISO 8601), caller, address, method, route, status, milliseconds."""

    at: str
    caller: str | None
    address: str | None
    method: str
    route: str
    status: int
    ms: float


class AccessLog:
    """One file per day and machine under `access/`, one JSON object per line."""

    def __init__(self, home: Home) -> None:
        self._folder = home.access
        self._day = ""
        self._file: int | None = None
        self._failing = False
        self._cut = False

    def write(self, access: AccessRecord) -> bool:
        """Append a request; return whether that succeeded. A full disk costs the line, not the response."""
        line = json.dumps({name: getattr(access, name) for name in AccessRecord.__slots__}, ensure_ascii=False) + "\n"
        data = ("\n" + line if self._cut else line).encode()  # what a full disk cut off is a line of its own
        try:
            written = os.write(self._of_day(access.at[:10]), data)
            self._cut = written < len(data)
            if self._cut:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            if not self._failing:
                _log.warning("The access log in %s cannot be written: %s.", self._folder, error.strerror)
            self._failing = True
            self.close()
            return False
        self._failing = False
        return True

    def close(self) -> None:
        """Close the file of the day; the next line opens it again."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _of_day(self, day: str) -> int:
        """Return the descriptor of the day's file, kept open: opening it for each line takes longer than writing."""
        if self._file is None or day != self._day:
            self.close()
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(file_of_day(self._folder, day), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._day = day
        return self._file
