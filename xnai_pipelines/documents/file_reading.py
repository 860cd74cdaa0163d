"""What has come of one file while it is read, and the row of the ledger that this makes."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

from xnai_pipelines.documents.listing import FileStat
from xnai_pipelines.documents.parsers.registry import DETECTION
from xnai_pipelines.documents.parsers.text.normalise import normalise

# The ledger entry of a file that could not be opened. No real file matches it, so every run tries again.
UNREAD = {"content_sha256": "", "size_bytes": -1, "modified_ns": -1}

EMPTY = "Nothing in the file is a document."

Row = dict[str, Any]


@dataclass(slots=True)
class FileReading:
    """What has come of one file so far.

    Attributes:
        path: Path in the folder.
        name: The path in one form of every name: macOS writes accents as signs of their own.
        content: Hash of the file, "" if it is too large to hash.
        entry: Row of the ledger.
        seen: Ids of the documents.
        bad: Sources of what was put in quarantine.
        readers: What read the file, as the ledger names it.
        skipped: Number of skipped files in the file by reason.
    """

    path: str
    name: str
    content: str
    entry: Row
    seen: set[str] = field(default_factory=set)
    bad: set[str] = field(default_factory=set)
    readers: set[str] = field(default_factory=set)
    skipped: Counter[str] = field(default_factory=Counter)
    _given: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, path: str, content: str, stat: FileStat, read_ns: int) -> Self:
        """Return a file of which nothing is read yet; `read_ns` is the time before it is opened."""
        entry = {
            "path": path,
            "outcome": "documents",
            "content_sha256": content,
            "size_bytes": stat.size_bytes,
            "modified_ns": stat.modified_ns,
            "read_ns": read_ns,
        }
        return cls(path, normalise(path), content, entry)

    def numbered(self, source: str) -> str:
        """Return the source, numbered if the file has used it before."""
        self._given[source] += 1
        return source if self._given[source] == 1 else f"{source} ({self._given[source]})"

    def ledger_entry(self) -> Row:
        """Return the row of the ledger, now that the file is read."""
        if self.bad and not self.seen:
            self.entry["outcome"] = "quarantined"
        elif not self.seen and self.entry["outcome"] == "documents":
            self.entry |= {"outcome": "skipped", "reason": EMPTY}
        self.entry["parser"] = " ".join(sorted(self.readers)) or DETECTION
        self.entry["skipped_members"] = [
            {"reason": reason, "members": number} for reason, number in self.skipped.items()
        ]
        return self.entry
