"""The log of alerts: a JSON Lines file, also used to see what was sent recently."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TAIL_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class LogSink:
    """The file `<home>/alerts.jsonl`: a line per alert, and per delivery whose result differs from the last."""

    path: Path

    @property
    def name(self) -> str:
        """Name of the sink in deliveries."""
        return "log"

    def append(self, record: Mapping[str, Any]) -> None:
        """Append a line to the file and sync it to disk.

        Raises:
            OSError: The file cannot be written.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        with self.path.open("ab+", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                if file.read(1) != b"\n":  # a writer was killed in the middle of its line
                    line = b"\n" + line
            file.write(line)
            os.fsync(file.fileno())

    def tail(self) -> list[dict[str, Any]]:
        """Return the records of the file's last 512 KiB, oldest first. Lines that are not JSON objects are skipped."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - TAIL_BYTES))
                lines = file.read(TAIL_BYTES).splitlines()
        except OSError:
            return []
        records = []
        for line in lines[1:] if size > TAIL_BYTES else lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                records.append(record)
        return records
