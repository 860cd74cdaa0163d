"""The log of alerts: a JSON Lines file that is always there, and says what was sent lately."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TAIL_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class LogSink:
    """The file `<home>/alerts.jsonl`: a line for every alert, and for a delivery that went otherwise than before."""

    path: Path

    @property
    def name(self) -> str:
        """Its name in deliveries."""
        return "log"

    def append(self, record: Mapping[str, Any]) -> None:
        """Write a line to the end of the file, and to the disk.

        Raises:
            OSError: The file cannot be written.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        with self.path.open("ab+", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                if file.read(1) != b"\n":  # a writer was killed half way through its line
                    line = b"\n" + line
            file.write(line)
            os.fsync(file.fileno())

    def tail(self) -> list[dict[str, Any]]:
        """Return the records of the file's last 512 KiB, oldest first; lines that are no JSON objects are left out."""
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
