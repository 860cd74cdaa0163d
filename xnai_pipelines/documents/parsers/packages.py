"""Documents that are zip packages of parts: Office, OpenDocument, EPUB. Opened only if they are no bombs."""

import zipfile
from io import BytesIO

from xnai_pipelines.errors import UnreadableError

_MAX_UNPACKED = 500 * 2**20
_MAX_RATIO = 200  # XML packs to a tenth or a thirtieth; a thousandth is a bomb
_RATIO_FROM = 20 * 2**20
_MAX_PARTS = 20_000
_ENCRYPTED = 0x1


def open_package(data: bytes) -> zipfile.ZipFile:
    """Return a package whose parts fit in memory. A part is never larger than its entry says, or reading it fails.

    Raises:
        UnreadableError: "damaged", "encrypted"; "too_large" for a zip bomb.
    """
    try:
        package = zipfile.ZipFile(BytesIO(data))
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        raise UnreadableError("damaged", f"The file is damaged: {error}. Save it again.") from error
    parts = package.infolist()
    unpacked = sum(part.file_size for part in parts)
    bomb = unpacked > _RATIO_FROM and unpacked > _MAX_RATIO * len(data)
    if unpacked > _MAX_UNPACKED or bomb or len(parts) > _MAX_PARTS:
        raise UnreadableError(
            "too_large",
            f"The file unpacks from {len(data):,} to {unpacked:,} bytes in {len(parts):,} parts: more than any "
            "document needs.",
        )
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise UnreadableError("encrypted", "The file needs a password. Save it without one.")
    return package


def part_of(package: zipfile.ZipFile, name: str) -> bytes | None:
    """Return a part, None if the package has none of that name."""
    try:
        return package.read(name)
    except KeyError:
        return None
