"""Files that PDF and Office files carry. Runs only in the worker process."""

import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from xnai_pipelines.documents.parsers.detect import HEAD_BYTES, detect
from xnai_pipelines.documents.parsers.office.imports import READ_IN_PLACE
from xnai_pipelines.documents.parsers.parsed import Member
from xnai_pipelines.errors import FileError, UnreadableError

if TYPE_CHECKING:
    from pypdfium2 import PdfAttachment, PdfDocument

_EMBEDDED = re.compile(r"(?:word|ppt|xl)/embeddings/[^/]+")
_OF_A_CHART = re.compile(r"(?:word|ppt|xl)/charts/_rels/[^/]+\.rels")
_IMPORT = re.compile(r"<Relationship\b[^<>]*/aFChunk\"[^<>]*>")
_BODY_RELATIONS = re.compile(r"word/_rels/document\d*\.xml\.rels")
_TARGET = re.compile(r"\bTarget\s*=\s*[\"']([^\"']*)")


def attached_to_pdf(document: "PdfDocument", of_pages: Iterable[Any]) -> Iterator[Member]:
    """Yield the files attached to a PDF, and those of its pages, which are handles."""
    from pypdfium2 import PdfAttachment, PdfiumError

    for index in range(document.count_attachments()):
        with suppress(PdfiumError):  # a name of the list without a file
            yield _attached(document.get_attachment(index))
    for file in of_pages:
        yield _attached(PdfAttachment(file, document))


def _attached(attachment: "PdfAttachment") -> Member:
    from pypdfium2 import PdfiumError

    try:
        name = attachment.get_name()
    except PdfiumError:
        name = ""
    return Member(name.replace("\\", "/").rpartition("/")[2], partial(_opened, attachment))


def _opened(attachment: "PdfAttachment") -> BinaryIO:
    from pypdfium2 import PdfiumError

    try:
        return BytesIO(attachment.get_data())
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
        imported = {
            target
            for part in parts
            if _BODY_RELATIONS.fullmatch(part.filename)
            for target in _targets(package, part, _IMPORT)
        }
        for part in parts:
            is_embedded = _EMBEDDED.fullmatch(part.filename) and part.filename not in of_charts
            if is_embedded or (part.filename in imported and not _is_read_in_place(package, part)):
                open_part = partial(package.open, part)
                yield Member(
                    posixpath.basename(part.filename), cast("partial[BinaryIO]", open_part), part.compress_size
                )


def _is_read_in_place(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Return whether an imported text is part of the document's own."""
    with suppress(FileError), package.open(part) as stream:
        return detect(stream.read(HEAD_BYTES), part.filename) in READ_IN_PLACE
    return False


def _targets(package: zipfile.ZipFile, relations: zipfile.ZipInfo, kind: re.Pattern[str] = _TARGET) -> Iterator[str]:
    """Yield the parts that a part of relations names: their places are relative to the folder above it."""
    folder = posixpath.dirname(posixpath.dirname(relations.filename))
    named = " ".join(found.group() for found in kind.finditer(package.read(relations).decode("utf-8", "replace")))
    for target in _TARGET.findall(named):
        yield posixpath.normpath(posixpath.join(folder, target)).lstrip("/")
