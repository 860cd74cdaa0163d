"""The files of one version of a Lance table, as its manifest names them.

A Lance table writes each file once and never changes it. A version is therefore its manifest and the files that the
manifest names, and both can be copied while writers add others. The format is public: `protos/table.proto` of Lance. It
also names a file of its transaction, which nobody needs: the manifest holds the transaction itself.
"""

import shutil
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from xnai_pipelines.errors import TableError

DROPPED = ".dropped"  # suffix of a table's folder while it is removed
_MAGIC = b"LANC"
_FOOTER = struct.Struct("<QHH4s")  # where the manifest starts, version of the format, magic
_LENGTH = struct.Struct("<I")
_NAMED_BACKWARDS = 20  # digits of 2**64 - 1 - version, by which newer manifests sort first
_DELETIONS = {0: "arrow", 1: "bin"}
# Fields of the messages in table.proto.
_FRAGMENTS, _INDEX_SECTION = 2, 6  # Manifest
_DATA_FILES, _DELETION_FILE = 2, 3  # DataFragment
_PATH, _SIZE = 1, 6  # DataFile
_KIND, _READ_VERSION, _ID = 1, 2, 3  # DeletionFile
_INDICES, _UUID, _BYTES = 1, 1, 1  # IndexSection, IndexMetadata, UUID


@dataclass(frozen=True, slots=True)
class TableVersion:
    """One version of a table.

    Attributes:
        name: Name of the table.
        version: Number of the version.
        manifest_path: Path of the manifest, relative to the table's folder.
        manifest: Content of the manifest.
        files: Paths of the other files, relative to the table's folder; a path that ends in a slash is a folder.
        sizes: Sizes of the files of which the manifest has it, in bytes.
    """

    name: str
    version: int
    manifest_path: str
    manifest: bytes
    files: tuple[str, ...]
    sizes: Mapping[str, int]


def table_folders(lancedb: Path) -> list[Path]:
    """Return the folders of the tables that have a version, by name."""
    return sorted(folder for folder in lancedb.glob("*.lance") if any((folder / "_versions").glob("*.manifest")))


def newest_version(table: Path) -> TableVersion:
    """Return the newest version of a table.

    Raises:
        FileNotFoundError: The table was dropped, or the version removed, meanwhile.
        TableError: The manifest is damaged.
    """
    manifests = _manifests(table)
    if not manifests:
        raise FileNotFoundError(table)
    return _version(table, *manifests[-1])


def version_before(table: Path) -> TableVersion | None:
    """Return the version before the newest one, None if there is none.

    Raises:
        TableError: Its manifest is damaged.
    """
    manifests = _manifests(table)
    return _version(table, *manifests[-2]) if len(manifests) > 1 else None


def _version(table: Path, version: int, path: Path) -> TableVersion:
    content = path.read_bytes()
    try:
        files = dict(_files(content))
    except (ValueError, IndexError, KeyError, struct.error, UnicodeDecodeError) as error:
        raise TableError(
            f"The manifest {path} of table {table.stem} is damaged ({error}). `xnai doctor` says what can be done."
        ) from error
    sizes = {name: size for name, size in files.items() if size}
    return TableVersion(table.stem, version, path.relative_to(table).as_posix(), content, tuple(files), sizes)


def _manifests(table: Path) -> list[tuple[int, Path]]:
    """Return number and manifest of each version, the newest last."""
    return sorted((manifest_number(path.name), path) for path in (table / "_versions").glob("*.manifest"))


def missing_files(table: Path, version: TableVersion) -> list[str]:
    """Return the files that the version names and the folder lacks."""
    return [name for name in version.files if not (table / name).exists()]


def cut_off_files(table: Path, version: TableVersion) -> list[str]:
    """Return the files that are shorter or longer than the version says."""
    present = ((table / name, name, size) for name, size in version.sizes.items())
    return [name for path, name, size in present if path.exists() and path.stat().st_size != size]


def lost_files(table: Path) -> list[str]:
    """Return the files of the newest version that are missing or not as long as it says."""
    newest = newest_version(table)
    return [*missing_files(table, newest), *cut_off_files(table, newest)]


def undo_lost(table: Path, known: TableVersion) -> str | None:
    """Undo the commits after a known version if they lost a file; return that file, None if they lost none.

    LanceDB can lose the error of a disk that fills up with the last bytes of a file, and then commits the file. What
    the known version lacks too was lost later, and undoing would lose more. Needs no space on the disk: a version is
    its manifest.

    Raises:
        TableError: A manifest is damaged.
    """
    manifests = _manifests(table)
    if not (table / known.manifest_path).exists() or manifests[-1][0] <= known.version:
        return None  # there is nothing to go back to, or nothing was committed
    lost = [name for name in lost_files(table) if name not in known.files]
    if not lost:
        return None
    for number, path in reversed(manifests):
        if number > known.version:
            path.unlink()
    (table / "_versions" / "latest_version_hint.json").unlink(missing_ok=True)
    return lost[0]


def remove_table(table: Path) -> None:
    """Remove a table's folder so that a kill leaves all of it or no table; and what killed removals left."""
    removed = table.with_suffix(DROPPED)
    for left in table.parent.glob(f"*{DROPPED}"):
        shutil.rmtree(left)
    with suppress(FileNotFoundError):
        table.rename(removed)
        shutil.rmtree(removed)


def manifest_number(name: str) -> int:
    """Return the version whose manifest has this name."""
    digits = name.removesuffix(".manifest")
    return 2**64 - 1 - int(digits) if len(digits) == _NAMED_BACKWARDS else int(digits)


def _files(content: bytes) -> Iterator[tuple[str, int]]:
    """Yield path and size of each file; 0 if the manifest does not have the size."""
    start, _, _, magic = _FOOTER.unpack(content[-_FOOTER.size :])
    if magic != _MAGIC:
        raise ValueError("it does not end as a manifest does")
    for field, value in _fields(_message(content, start)):
        if field == _FRAGMENTS:
            yield from _fragment_files(_bytes(value))
        elif field == _INDEX_SECTION:
            for _, index in _fields(_message(content, _integer(value))):
                uuid = dict(_fields(_bytes(dict(_fields(_bytes(index)))[_UUID])))[_BYTES]
                yield f"_indices/{UUID(bytes=_bytes(uuid))}/", 0


def _fragment_files(fragment: bytes) -> Iterator[tuple[str, int]]:
    for field, value in _fields(fragment):
        if field == _DATA_FILES:
            file = dict(_fields(_bytes(value)))
            yield f"data/{_bytes(file[_PATH]).decode()}", _integer(file.get(_SIZE, 0))
        elif field == _DELETION_FILE:
            deletions = dict(_fields(_bytes(value)))
            fragment_id = _integer(dict(_fields(fragment)).get(1, 0))
            kind = _DELETIONS[_integer(deletions.get(_KIND, 0))]
            version, number = (_integer(deletions.get(part, 0)) for part in (_READ_VERSION, _ID))
            yield f"_deletions/{fragment_id}-{version}-{number}.{kind}", 0


def _message(content: bytes, start: int) -> bytes:
    if start + _LENGTH.size > len(content):
        raise ValueError("it is cut off")
    (length,) = _LENGTH.unpack_from(content, start)
    message = content[start + _LENGTH.size : start + _LENGTH.size + length]
    if len(message) < length:
        raise ValueError("it is cut off")
    return message


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of each field of a protobuf message."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        match key & 7:
            case 0:
                value, at = _varint(message, at)
                yield key >> 3, value
            case 1 | 5 as width:
                at += 8 if width == 1 else 4
            case 2:
                length, at = _varint(message, at)
                if at + length > len(message):
                    raise ValueError("a field is cut off")
                yield key >> 3, message[at : at + length]
                at += length
            case other:
                raise ValueError(f"a field has the unknown type {other}")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _bytes(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a number stands where bytes should")
    return value


def _integer(value: int | bytes) -> int:
    if not isinstance(value, int):
        raise ValueError("bytes stand where a number should")
    return value
