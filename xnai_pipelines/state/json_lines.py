"""Files of JSON lines that several processes append to, and whose last line a kill may have cut off."""

import os
from pathlib import Path

from xnai_pipelines.state.fence import committing


def append_line(path: Path, line: str) -> None:
    """Append a line to a file, which is made if there is none, and sync it to disk.

    The line is written by one call at the end of the file, so that the lines of two processes do not mix, and never
    continues one that was cut off.

    Raises:
        UnicodeEncodeError: The line is not text.
        OSError: The file cannot be written.
    """
    content = line.encode() + b"\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    with committing(path), path.open("ab+", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            if file.read(1) != b"\n":  # a writer was killed in the middle of its line
                content = b"\n" + content
        file.write(content)
        os.fsync(file.fileno())
