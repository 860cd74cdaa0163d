"""Standard input, output and error: there even if whoever started the command closed them, or went away meanwhile.

The file that a program opens while one of them is closed takes its number, and then gets what libraries print.
"""

import errno
import io
import os
import sys
from typing import Any, TextIO

from xnai_pipelines.errors import OutputError

STANDARD = (0, 1, 2)


class _Output(io.FileIO):
    """Standard output. A write that fails is told once; what follows goes nowhere."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            _silence(self.fileno())
            if error.errno == errno.EPIPE:  # its reader has seen enough, as `head` has
                raise SystemExit(1) from error
            raise OutputError(
                f"The output cannot be written ({error.strerror}). Make room where it goes, or write it elsewhere, "
                "and run the command again."
            ) from error


class _Messages(io.FileIO):
    """Standard error. Progress that nobody can see any more ends no work, so a write that fails is not told."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError:
            _silence(self.fileno())
            return len(data)


def keep_streams() -> None:
    """Make the standard streams of this process such that their loss harms neither its files nor its work.

    A letter that the encoding of a stream lacks is replaced. Streams that someone else put in place are left as they
    are, but for that.
    """
    _fill_closed()
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  open as long as the process
    sys.stdout = _kept(sys.stdout, sys.__stdout__, _Output(1, "w", closefd=False))
    sys.stderr = _kept(sys.stderr, sys.__stderr__, _Messages(2, "w", closefd=False), each_line=True)


def _fill_closed() -> None:
    while (opened := os.open(os.devnull, os.O_RDWR)) in STANDARD:
        os.set_inheritable(opened, True)
    os.close(opened)


def _kept(stream: TextIO | None, original: TextIO | None, raw: io.FileIO, *, each_line: bool = False) -> Any:
    if stream is not original:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding if stream else "utf-8",
        errors="replace",
        line_buffering=each_line or raw.isatty(),
    )


def _silence(stream: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream)
    os.close(nowhere)
