"""When each file was last committed, by one call of Git."""

import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

SECONDS = 60
# Nothing that the repository's own configuration names may run.
_SAFE = (
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "log.showSignature=false",
    "-c",
    "core.quotePath=false",
)


def commit_dates(folder: Path) -> dict[str, datetime]:
    """Return the time of the last commit of each file below the folder, by relative path.

    Empty if the folder is not in a Git work tree, Git is missing, or it takes longer than a minute. Merges do not
    count. Edits that are not committed are not seen.
    """
    command = [
        "git", *_SAFE, "--no-pager", "-C", str(folder), "log", "--no-merges", "--no-renames", "--no-ext-diff",
        "--format=%x00%x00%ct", "--name-only", "-z", "--relative", "--", ".",
    ]  # fmt: skip
    # what Git gives to a hook names another repository
    passed = {name: value for name, value in os.environ.items() if not re.match(r"GIT_(?!CONFIG)", name)}
    environment = {**passed, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=SECONDS, env=environment, stdin=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return parse_log(done.stdout) if done.returncode == 0 else {}


def parse_log(log: bytes) -> dict[str, datetime]:
    """Return the newest time of each path of `git log --format=%x00%x00%ct --name-only -z`."""
    newest: dict[str, int] = {}
    seconds = 0
    after_mark = 0
    for part in log.split(b"\0"):
        if not part:
            after_mark += 1
        elif after_mark >= 2 and part.strip().isdigit():
            seconds, after_mark = int(part), 0
        else:
            name = part.removeprefix(b"\n").decode("utf-8", "replace")
            newest[name] = max(newest.get(name, 0), seconds)
            after_mark = 0
    return {path: datetime.fromtimestamp(at, UTC) for path, at in newest.items()}
