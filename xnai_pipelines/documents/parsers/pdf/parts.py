"""What lies on the pages of a PDF beside their text: values of forms, notes, descriptions of pictures."""

import ctypes
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from html import unescape
from typing import TYPE_CHECKING, Any

from xnai_pipelines.documents.parsers.link_targets import unsaid_target
from xnai_pipelines.documents.parsers.office.lost_texts import description
from xnai_pipelines.documents.parsers.text.normalise import normalise

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

_PASSWORD_FLAG = 1 << 13  # ISO 32000-1, table 228
_HIDDEN_FLAGS = 0b10 | 0b10_0000  # hidden, no view: table 165
_MAX_ANNOTATIONS = 5_000  # on a page
_MAX_ELEMENTS = 20_000  # of the structure of a page
_LONGEST_VALUE = 100_000
_TAG = re.compile(r"<[^<>]*>")
_OFF = {"", "off"}


@dataclass(slots=True)
class PageParts:
    """What a page shows beside its text.

    Attributes:
        lines: Values of its form as "name: value", notes, addresses of links, descriptions of pictures.
        files: Handles of the files attached to it, valid as long as the document is open.
        unread: Names of what has no text, such as films, by what it is.
    """

    lines: list[str] = field(default_factory=list)
    files: list[Any] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)


def page_parts(page: "PdfPage", words: str) -> PageParts:
    """Return the form values and notes of a page, and of its links and pictures what its words do not say.

    The document's forms must be initialised before the page is opened.
    """
    import pypdfium2.raw as pdfium

    found = PageParts()
    for annotation in _annotations(page):
        if pdfium.FPDFAnnot_GetSubtype(annotation) == pdfium.FPDF_ANNOT_LINK:
            found.lines += _link(annotation, page, words)
        else:
            _read(annotation, page.formenv, found)
    found.lines += (f"Picture: {shown}" for shown in _descriptions(page) if shown not in words)
    found.lines = list(dict.fromkeys(found.lines))  # each button of a group has the value of the group
    return found


def signatures(document: "PdfDocument") -> int:
    """Return the number of digital signatures of a document."""
    import pypdfium2.raw as pdfium

    return max(int(pdfium.FPDF_GetSignatureCount(document)), 0)


def _annotations(page: "PdfPage") -> Iterator[Any]:
    import pypdfium2.raw as pdfium

    for at in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MAX_ANNOTATIONS)):
        annotation = pdfium.FPDFPage_GetAnnot(page, at)
        if annotation:
            try:
                yield annotation
            finally:
                pdfium.FPDFPage_CloseAnnot(annotation)


def _read(annotation: Any, form: Any, found: PageParts) -> None:
    import pypdfium2.raw as pdfium

    kind = pdfium.FPDFAnnot_GetSubtype(annotation)
    if kind == pdfium.FPDF_ANNOT_WIDGET:
        if form is not None:
            found.lines += _field(annotation, form, found)
    elif kind == pdfium.FPDF_ANNOT_FILEATTACHMENT:
        if file := pdfium.FPDFAnnot_GetFileAttachment(annotation):
            found.files.append(file)
        found.lines += _note(annotation)
    elif kind in {pdfium.FPDF_ANNOT_SOUND, pdfium.FPDF_ANNOT_MOVIE, pdfium.FPDF_ANNOT_RICHMEDIA}:
        found.unread.append(("sound or film", ""))
    elif kind != pdfium.FPDF_ANNOT_POPUP:  # it shows its parent's note
        found.lines += _note(annotation)


def _link(annotation: Any, page: "PdfPage", words: str) -> Iterator[str]:
    import pypdfium2.raw as pdfium

    action = pdfium.FPDFLink_GetAction(pdfium.FPDFAnnot_GetLink(annotation))
    if not action or pdfium.FPDFAction_GetType(action) != pdfium.PDFACTION_URI:
        return
    length = min(pdfium.FPDFAction_GetURIPath(page.pdf, action, None, 0), _LONGEST_VALUE)
    buffer = ctypes.create_string_buffer(length)
    pdfium.FPDFAction_GetURIPath(page.pdf, action, buffer, length)
    if address := unsaid_target(words, buffer.value.decode("utf-8", "replace")):
        yield f"Link: {address}"


def _note(annotation: Any) -> Iterator[str]:
    import pypdfium2.raw as pdfium

    note, author = _entry(annotation, b"Contents"), _entry(annotation, b"T")
    note = note or unescape(" ".join(_TAG.sub(" ", _entry(annotation, b"RC")).split()))
    if note and not pdfium.FPDFAnnot_GetFlags(annotation) & _HIDDEN_FLAGS:
        yield f"Note{f' ({author})' if author else ''}: {note}"


def _field(annotation: Any, form: Any, found: PageParts) -> Iterator[str]:
    import pypdfium2.raw as pdfium

    if pdfium.FPDFAnnot_GetFormFieldType(form, annotation) == pdfium.FPDF_FORMFIELD_PUSHBUTTON:
        return
    value = ", ".join(_selected(annotation, form)) or _words(
        lambda *where: pdfium.FPDFAnnot_GetFormFieldValue(form, annotation, *where)
    )
    if value.lower() in _OFF:
        return
    full = _words(lambda *where: pdfium.FPDFAnnot_GetFormFieldName(form, annotation, *where))
    shown = _words(lambda *where: pdfium.FPDFAnnot_GetFormFieldAlternateName(form, annotation, *where))
    name = shown or full.rpartition(".")[2].partition("[")[0]
    if pdfium.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD_FLAG:
        found.unread.append(("password in a form", name))
    else:
        yield f"{name}: {value}" if name else value


def _selected(annotation: Any, form: Any) -> Iterator[str]:
    """Yield the chosen entries of a list in which several can be chosen."""
    import pypdfium2.raw as pdfium

    if pdfium.FPDFAnnot_GetFormFieldType(form, annotation) == pdfium.FPDF_FORMFIELD_LISTBOX:
        for at in range(min(pdfium.FPDFAnnot_GetOptionCount(form, annotation), _MAX_ANNOTATIONS)):
            if pdfium.FPDFAnnot_IsOptionSelected(form, annotation, at):
                yield _words(partial(pdfium.FPDFAnnot_GetOptionLabel, form, annotation, at))


def _descriptions(page: "PdfPage") -> Iterator[str]:
    """Yield what the author says of the pictures of a page, in the order of its structure."""
    import pypdfium2.raw as pdfium

    tree = pdfium.FPDF_StructTree_GetForPage(page)
    if not tree:
        return
    try:
        waiting = [
            pdfium.FPDF_StructTree_GetChildAtIndex(tree, at)
            for at in reversed(range(min(pdfium.FPDF_StructTree_CountChildren(tree), _MAX_ELEMENTS)))
        ]
        for _ in range(_MAX_ELEMENTS):
            if not waiting:
                return
            if element := waiting.pop():
                if words := description(_words(partial(pdfium.FPDF_StructElement_GetAltText, element))):
                    yield words
                for at in reversed(range(min(pdfium.FPDF_StructElement_CountChildren(element), _MAX_ELEMENTS))):
                    waiting.append(pdfium.FPDF_StructElement_GetChildAtIndex(element, at))
    finally:
        pdfium.FPDF_StructTree_Close(tree)


def _entry(annotation: Any, key: bytes) -> str:
    import pypdfium2.raw as pdfium

    return _words(lambda *where: pdfium.FPDFAnnot_GetStringValue(annotation, key, *where))


def _words(read: Callable[..., int]) -> str:
    """Return what a function of PDFium writes as UTF-16 into a buffer; called without one, it says the length."""
    import pypdfium2.raw as pdfium

    length = min(int(read(None, 0)), 2 * _LONGEST_VALUE)
    if length <= 2:
        return ""
    buffer = ctypes.create_string_buffer(length)
    read(ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), length)
    words = buffer.raw[: length - 2].decode("utf-16-le", errors="replace")
    return normalise(" ".join(words.split()))
