"""Tables between a run and its workers, as Arrow files."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def read_arrow(path: Path) -> "pa.Table":
    """Return the table of a file."""
    import pyarrow as pa

    with pa.OSFile(str(path)) as file:
        return pa.ipc.open_file(file).read_all()


def write_arrow(path: Path, rows: "pa.Table") -> None:
    """Write a file whole: another worker may write the same one after this one was taken for lost."""
    import pyarrow as pa

    partial = path.with_suffix(f".{os.getpid()}.part")
    with pa.OSFile(str(partial), "wb") as file, pa.ipc.new_file(file, rows.schema) as writer:
        writer.write_table(rows)
    partial.replace(path)
