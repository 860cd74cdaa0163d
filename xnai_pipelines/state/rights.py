"""A file or folder that this user may not read or write, told in a sentence."""

import errno
import os
import pwd
from pathlib import Path

from xnai_pipelines.errors import HomeError


def forbidden(path: str | Path, done: str = "read") -> HomeError:
    """Return the error that says which user may not do what to a path, and what to do."""
    return HomeError(
        f"{path} cannot be {done} by the user {_user()} ({os.strerror(errno.EACCES)}). Run as its owner, whom "
        f"`ls -ld {path}` shows, or give this user the right."
    )


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container may run as a user without a name
        return str(os.geteuid())
