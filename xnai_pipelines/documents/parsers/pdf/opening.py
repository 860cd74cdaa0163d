"""Opens PDF files, also those that lack their end. Runs only in the worker process."""

import re
from typing import TYPE_CHECKING

from xnai_pipelines.errors import UnreadableError

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD
_SECURITY_ERROR = 5  # FPDF_ERR_SECURITY
_CATALOG = re.compile(rb"(\d{1,10}) (\d{1,5}) obj\b[^<>]{0,20}<<[^<>]{0,500}/Type\s{0,9}/Catalog\b")
_OBJECT_END = b"endobj"


def opened_pdf(data: bytes) -> tuple["PdfDocument", bool]:
    """Return the document, and whether the file is cut off, so that what stood at its end is lost.

    Raises:
        UnreadableError: "encrypted", "damaged".
    """
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        return PdfDocument(data), False
    except PdfiumError as error:
        if getattr(error, "err_code", None) in {_PASSWORD_ERROR, _SECURITY_ERROR}:
            raise UnreadableError(
                "encrypted", "The PDF needs a password. Save it without one, or exclude it."
            ) from error
        failure = error
    try:
        return PdfDocument(_with_end(data)), True
    except PdfiumError:
        raise UnreadableError(
            "damaged", "The PDF is damaged: it has no readable page. Export it again from its source."
        ) from failure


def _with_end(data: bytes) -> bytes:
    """Return the whole objects of a file, and an end that names its catalog: PDFium finds the others itself."""
    whole = data[: data.rfind(_OBJECT_END) + len(_OBJECT_END)]
    catalogs = _CATALOG.findall(whole)
    if not catalogs:
        return data
    number, generation = catalogs[-1]
    return whole + b"\ntrailer\n<< /Root %s %s R >>\nstartxref\n0\n%%%%EOF\n" % (number, generation)
