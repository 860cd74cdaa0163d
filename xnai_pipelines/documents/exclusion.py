"""Which names are never read, in the documents folder and in the files that hold files. Pure."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from pathspec import GitIgnoreSpec


class Exclusion:
    """Hidden files, lock files of office applications, and what matches the patterns of `XNAI_EXCLUDE`.

    `id` is of the patterns. The ledger keeps it of files that hold files, which are read again if it changes.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        # "a/**" means the content of the folder. GitIgnoreSpec would drop the folder, and with it what "!a/b" keeps.
        self._patterns = GitIgnoreSpec.from_lines(re.sub(r"/\*\*$", "/*", line) for line in patterns)
        self.id = f"exclude@{hashlib.sha256(repr(tuple(patterns)).encode()).hexdigest()[:8]}"

    def reason(self, path: str) -> str | None:
        """Return why an entry of a listed folder is not read, None if it is. The path of a folder ends in a slash."""
        name = path.rstrip("/").rpartition("/")[2]
        if name.startswith("."):
            return "hidden"
        if name.startswith("~$"):
            return "lock file of an office application"
        return "matches XNAI_EXCLUDE" if self._patterns.match_file(path) else None

    def reason_for_member(self, container: str, member: str) -> str | None:
        """Return why a file inside a file is not read: because of its name or of a folder that it lies in."""
        folders = [f"{folder}/" for folder in reversed(PurePosixPath(member).parents) if folder.name]
        reasons = (self.reason(f"{container}/{path}") for path in (*folders, member))
        return next(filter(None, reasons), None)
