"""Archives, and compressed files: the files inside them. Runs only in the worker process."""

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, BinaryIO, cast

from xnai_pipelines.documents.parsers.media_types import BZIP2, GZIP, XZ
from xnai_pipelines.documents.parsers.parsed import Member, SourceFile
from xnai_pipelines.documents.parsers.signatures import is_tar
from xnai_pipelines.documents.parsers.text.decode import decode
from xnai_pipelines.errors import SkippedFileError, UnreadableError

_ENCRYPTED = 0x1  # bits of a zip entry's flags
_NAME_IS_UTF8 = 0x800
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_LATEST = 2**32  # seconds: a file system may keep no later time
_OLD_NAMES = "cp437"  # what the zip format says of other names, and what few programs wrote
_TAIL = 2**20


def parse_zip(source: SourceFile) -> Iterator[Member]:
    """Yield the files of a zip archive.

    Raises:
        UnreadableError: "damaged".
    """
    with zipfile.ZipFile(source.path) as package:
        files = [info for info in package.infolist() if not info.is_dir()]
        if not files:
            raise SkippedFileError("empty", "archive without files")
        for info, name in zip(files, _names(files), strict=True):
            yield Member(name, partial(_opened, package, info), info.compress_size, modified=_modified(info))


def _modified(info: zipfile.ZipInfo) -> float:
    """Return when a file was modified, 0 if that is the first moment of the format, which stands for no time."""
    if info.date_time <= _NO_TIME:
        return 0.0
    try:
        return datetime(*info.date_time, tzinfo=UTC).timestamp()  # the format does not say of which zone
    except ValueError:
        return 0.0


def _opened(package: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    if stat.S_ISLNK(info.external_attr >> 16):
        raise SkippedFileError("link", "symbolic link")
    if info.flag_bits & _ENCRYPTED:
        raise UnreadableError("encrypted", "It needs a password. Pack it without one.")
    try:
        return cast("BinaryIO", package.open(info))
    except NotImplementedError as error:
        raise UnreadableError("unsupported", f"It is packed by a method that is not read ({error}).") from error


def _names(files: list[zipfile.ZipInfo]) -> list[str]:
    """Return the names. Those that are not marked as UTF-8 are decoded together: each alone is too short to tell."""
    old = [info for info in files if not (info.flag_bits & _NAME_IS_UTF8 or info.filename.isascii())]
    if not old:
        return [info.filename for info in files]
    raw = b"\n".join(info.filename.replace("\n", " ").encode(_OLD_NAMES) for info in old)
    names = dict(zip(map(id, old), _text(raw, otherwise=_OLD_NAMES).split("\n"), strict=True))
    return [names.get(id(info), info.filename) for info in files]


def parse_tar(source: SourceFile) -> Iterator[Member]:
    """Yield the files of a tar archive.

    Raises:
        UnreadableError: "damaged", raised after the files before the damage.
    """
    with source.path.open("rb") as stream:
        yield from _of_tar(stream)


def parse_compressed(source: SourceFile) -> Iterator[Member]:
    """Yield the files of a compressed tar archive, or the one file that is compressed.

    Raises:
        UnreadableError: "damaged", raised after the files before the damage.
    """
    with _unpacked(source) as stream:
        if not is_tar(stream.read(tarfile.BLOCKSIZE)):
            yield Member(source.stem, partial(_unpacked, source))
            return
        stream.seek(0)
        yield from _of_tar(stream)


def _unpacked(source: SourceFile) -> BinaryIO:
    unpack: Any = {GZIP: gzip.open, BZIP2: bz2.open, XZ: lzma.open}[source.media_type]
    return cast("BinaryIO", unpack(source.path))


def _of_tar(stream: BinaryIO) -> Iterator[Member]:
    """Yield the files in the order of the archive, without going back."""
    with tarfile.open(fileobj=stream, mode="r|", errors="surrogateescape", encoding="utf-8") as archive:
        for info in archive:
            if not info.isdir():
                name = _text(info.name.encode("utf-8", "surrogateescape"), otherwise="utf-8")
                yield Member(name, partial(_extracted, archive, info), modified=min(max(info.mtime, 0), _LATEST))
        # tarfile takes a damaged header for the end
        if archive.fileobj is not None and archive.fileobj.read(_TAIL).strip(b"\0"):
            raise UnreadableError("damaged", "The archive is damaged: the files after these are lost. Pack it again.")


def _extracted(archive: tarfile.TarFile, info: tarfile.TarInfo) -> BinaryIO:
    if info.issym() or info.islnk():
        raise SkippedFileError("link", "symbolic link" if info.issym() else "link to another file")
    stream = archive.extractfile(info)
    if stream is None:
        raise SkippedFileError("unsupported", "not a regular file")
    return cast("BinaryIO", stream)


def _text(name: bytes, otherwise: str) -> str:
    """Return the text of names in an unknown encoding, read as `otherwise` if they are not text."""
    try:
        return decode(name).text
    except UnreadableError:
        return name.decode(otherwise, errors="replace")
