"""Unpacks the files inside a file, within limits. No name of theirs ever becomes a path on this machine.

Members are written to numbered files of a private folder. What is skipped at the top of the documents folder is skipped
here too, before it is unpacked.
"""

import os
from collections import Counter
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from xnai_pipelines.documents.exclusion import Exclusion
from xnai_pipelines.documents.parsers.detect import HEAD_BYTES, detect
from xnai_pipelines.documents.parsers.failures import file_errors
from xnai_pipelines.documents.parsers.parsed import Member, SourceFile, UnpackedMember
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.errors import FileError, SkippedFileError, UnreadableError

_MAX_RATIO = 200  # text packs to a tenth or a thirtieth; a thousandth is a bomb
_RATIO_FROM = 20 * 2**20
_LONGEST_NAME = 1_000
_COPIED_BYTES = 2**20


class Unpacking:
    """The members of one file as they are unpacked."""

    def __init__(self, source: SourceFile, parser: str) -> None:
        self._source = source
        self._parser = parser
        self._left = source.limits.max_unpacked_bytes
        self._seen = 0
        self._names: Counter[tuple[str | None, str]] = Counter()

    @cached_property
    def _exclusion(self) -> Exclusion:
        return Exclusion(self._source.exclude)

    def unpack(self, member: Member) -> UnpackedMember:
        """Return the member in a file of its own, or the reason why it is not read.

        Raises:
            UnreadableError: "too_large" beyond the allowed number of members, "too_deep" if none is allowed.
        """
        folder = self._source.unpack_into
        if folder is None:
            raise UnreadableError(
                "too_deep", "The files in it are nested too deeply to read. Unpack the outermost file."
            )
        self._seen += 1
        if self._seen > self._source.limits.max_members:
            raise UnreadableError(
                "too_large",
                f"It holds more than {self._source.limits.max_members:,} files. The others are not read; split it.",
            )
        name = _readable(member.name)
        path = folder / str(self._seen)
        try:
            self._check_name(name)
            name = self._unique(name, member.record_id)
            with file_errors(self._parser), member.open() as stream:
                self._write(stream, path, name, member.packed_bytes)
            os.utime(path, (member.modified, member.modified))
        except FileError as error:
            return UnpackedMember(name, error, member.record_id)
        return UnpackedMember(name, path, member.record_id)

    def _unique(self, name: str, record_id: str | None) -> str:
        """Return the name, numbered before its extension if an earlier member has it."""
        self._names[record_id, name] += 1
        count = self._names[record_id, name]
        if count == 1:
            return name
        path = PurePosixPath(name)
        return self._unique(str(path.with_name(f"{path.stem} ({count}){path.suffix}")), record_id)

    def _check_name(self, name: str) -> None:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or path.parts[0].endswith(":") or len(name) > _LONGEST_NAME:
            raise UnreadableError(
                "unsafe_name", "The name leads out of the file that holds it, or is too long. Pack it again."
            )
        reason = self._exclusion.reason_for_member(self._source.name, name)
        if reason is not None:
            raise SkippedFileError("excluded", reason)

    def _write(self, stream: BinaryIO, path: Path, name: str, packed: int | None) -> None:
        """Copy the stream to a new file if it is of a format that is read.

        Raises:
            UnreadableError: "too_large"; as `detect`.
            SkippedFileError: As `detect`.
        """
        head = stream.read(HEAD_BYTES)
        detect(head, name)
        packed = self._source.path.stat().st_size if packed is None else packed
        allowed = min(self._left, max(_RATIO_FROM, _MAX_RATIO * packed))
        size = len(head)
        try:
            with path.open("xb") as file:
                file.write(head)
                while size <= allowed and (piece := stream.read(_COPIED_BYTES)):
                    size += len(piece)
                    if size <= allowed:
                        file.write(piece)
            if size > allowed:
                raise UnreadableError(
                    "too_large",
                    f"It unpacks to more than {allowed:,} bytes: more than XNAI_UNPACK_MB leaves, or than {_MAX_RATIO} "
                    "times its packed size. Put it into the folder itself.",
                )
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self._left -= size


def _readable(name: str) -> str:
    """Return the name on one line with slashes, as a source shows it."""
    words = single_line(normalise(name), longest=_LONGEST_NAME + 1).replace("\\", "/")
    path = str(PurePosixPath(words))
    return "unnamed" if path == "." else path
