"""Files that PDF and Office files carry. Runs only in the worker process."""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, cast

from xnai_pipelines.documents.parsers.parsed import Member
from xnai_pipelines.errors import UnreadableError

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_EMBEDDED = re.compile(r"(?:word|ppt|xl)/embeddings/[^/]+")
_OF_A_CHART = re.compile(r"(?:word|ppt|xl)/charts/_rels/[^/]+\.rels")
_TARGET = re.compile(r"\bTarget\s*=\s*[\"']([^\"']*)")


def attached_to_pdf(data: bytes) -> Iterator[Member]:
    """Yield the files attached to a PDF; none of one that does not open."""
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        document = PdfDocument(data)
    except PdfiumError:
        return
    for index in range(document.count_attachments()):
        try:
            name = document.get_attachment(index).get_name()
        except PdfiumError:
            name = ""
        yield Member(name.replace("\\", "/").rpartition("/")[2], partial(_attached, document, index))


def _attached(document: "PdfDocument", index: int) -> BinaryIO:
    from pypdfium2 import PdfiumError

    try:
        return BytesIO(document.get_attachment(index).get_data())
    except PdfiumError as error:
        raise UnreadableError("damaged", f"The attached file is damaged: {error} Attach it again.") from error


def embedded_in_office(data: bytes) -> Iterator[Member]:
    """Yield the files embedded in an Office package, without the sheets behind its charts; none of another file."""
    try:
        package = zipfile.ZipFile(BytesIO(data))
    except (zipfile.BadZipFile, ValueError):
        return
    with package:
        parts = package.infolist()
        of_charts = {
            target for part in parts if _OF_A_CHART.fullmatch(part.filename) for target in _targets(package, part)
        }
        for part in parts:
            if _EMBEDDED.fullmatch(part.filename) and part.filename not in of_charts:
                open_part = partial(package.open, part)
                yield Member(
                    posixpath.basename(part.filename), cast("partial[BinaryIO]", open_part), part.compress_size
                )


def _targets(package: zipfile.ZipFile, relations: zipfile.ZipInfo) -> Iterator[str]:
    """Yield the parts that a part of relations names: their places are relative to the folder above it."""
    folder = posixpath.dirname(posixpath.dirname(relations.filename))
    for target in _TARGET.findall(package.read(relations).decode("utf-8", errors="replace")):
        yield posixpath.normpath(posixpath.join(folder, target)).lstrip("/")
