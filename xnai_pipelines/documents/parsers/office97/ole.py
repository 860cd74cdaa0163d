"""Compound files (OLE, MS-CFB), the containers of old Office files and Outlook messages."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.errors import UnreadableError
from xnai_pipelines.extras import require


@contextmanager
def compound_file(data: bytes, what: str) -> Iterator["CompoundFile"]:
    """Open a compound file. `what` needs the extra, as the start of a sentence.

    Raises:
        MissingExtraError: The extra `office` is not installed.
        UnreadableError: "damaged", "encrypted".
    """
    require("office", what)
    import olefile

    try:
        with olefile.OleFileIO(BytesIO(data)) as opened:
            file = CompoundFile(opened, len(data))
            if file.has("EncryptedPackage"):
                raise UnreadableError("encrypted", "The file needs a password. Save it without one.")
            yield file
    except (OSError, IndexError, ValueError) as error:
        raise UnreadableError("damaged", f"The file is damaged: {error}. Save it again.") from error


class CompoundFile:
    """The streams of an open compound file."""

    def __init__(self, opened: Any, size: int) -> None:  # olefile has no types
        self._opened = opened
        self._size = size
        self._names = ["/".join(path) for path in opened.listdir()]

    def has(self, name: str) -> bool:
        """Return whether there is a stream or storage of that name."""
        return bool(self._opened.exists(name))

    def names(self) -> list[str]:
        """Return the paths of all streams."""
        return self._names

    def stream(self, name: str) -> bytes | None:
        """Return a stream, None if there is none. It is never larger than the file, whatever its entry says.

        Raises:
            UnreadableError: "damaged".
        """
        if not self._opened.exists(name) or self._opened.get_type(name) != 2:  # a stream
            return None
        if self._opened.get_size(name) > self._size:
            raise UnreadableError("damaged", f"The part {name} claims to be larger than the file. Save it again.")
        content: bytes = self._opened.openstream(name).read()
        return content

    def count_unread(self, omitted: Omitted) -> None:
        """Count what no reader of text opens: embedded objects and macros."""
        objects = {found.group() for name in self._names if (found := _OBJECT.match(name))}
        omitted.add("embedded object", count=len(objects))
        omitted.add("macros", count=int(any(_MACROS.search(name) for name in self._names)))

    def title(self) -> str:
        """Return the title in the properties, "" without a usable one."""
        try:
            properties = (
                self._opened.getproperties("\x05SummaryInformation") if self.has("\x05SummaryInformation") else {}
            )
        except (OSError, ValueError, IndexError):
            return ""
        title = properties.get(_TITLE)
        if isinstance(title, bytes):
            title = title.decode(codec_of(properties.get(_CODEPAGE)), "replace")
        return single_line(normalise(title)) if isinstance(title, str) else ""


_OBJECT = re.compile(r"(?:ObjectPool/|MBD)[^/]+")
_MACROS = re.compile(r"(?:^|/)VBA/")
_TITLE = 2
_CODEPAGE = 1
_UTF8 = {65001, 65001 - 65536}  # as a signed number of two bytes too


def codec_of(codepage: object) -> str:
    """Return the codec of a Windows codepage, that of Western Europe if it is unknown."""
    if codepage in _UTF8:
        return "utf-8"
    name = f"cp{codepage}"
    try:
        "".encode(name)
    except LookupError:
        return "cp1252"
    return name
