"""The access log: who asked for what and what came of it. Never the question, a token or a document's text."""

import json
import logging
from dataclasses import asdict, dataclass
from datetime import datetime

from xnai_pipelines.state.layout import Home

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Access:
    """One request: time (UTC, ISO 8601), caller, address, method, route, status, milliseconds."""

    at: str
    caller: str | None
    address: str | None
    method: str
    route: str
    status: int
    ms: float


class AccessLog:
    """One file per day under `access/`, one JSON object per line."""

    def __init__(self, home: Home) -> None:
        self._folder = home.access
        self._failing = False

    def write(self, access: Access) -> bool:
        """Append a request; return whether that succeeded. A full disk costs the line, not the response."""
        day = datetime.fromisoformat(access.at).date().isoformat()
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self._folder / f"{day}.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(access), ensure_ascii=False) + "\n")
        except OSError as error:
            if not self._failing:
                _log.warning("The access log in %s cannot be written: %s.", self._folder, error.strerror)
            self._failing = True
            return False
        self._failing = False
        return True
