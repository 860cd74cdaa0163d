"""PDF to text: the pages as text, the outline as headings. Runs only in the worker process."""

import re
from typing import TYPE_CHECKING

from xnai_pipelines.documents.parsers.code import first_line
from xnai_pipelines.documents.parsers.normalise import normalise, single_line
from xnai_pipelines.documents.parsers.parsed import Content, Heading, Markup, Page
from xnai_pipelines.errors import UnreadableError
from xnai_pipelines.extras import require

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD
_SECURITY_ERROR = 5  # FPDF_ERR_SECURITY
# PDFium marks hyphens that only break a word at the end of a line.
_BROKEN_WORD = re.compile("[\ufffe\x02][ \t]*(?:\r\n|\r|\n)?")
_NO_TITLE = re.compile(
    r"untitled|title|\(?anonymous\)?|\(?unspecified\)?|document\d*|microsoft (?:word|powerpoint|excel)\b.*"
    r"|.*\.(?:docx?|pptx?|xlsx?|od[tps]|indd|tex|dvi|pdf)",
    re.IGNORECASE,
)
_OUTLINE_DEPTH = 6


def parse_pdf(data: bytes, stem: str, max_chars: int) -> Content:
    """Return the text of the pages that have text, separated by two newlines.

    The title is the metadata's, else the first line, else `stem`. Headings are the entries of the outline whose
    words are a line of their page.

    Raises:
        MissingExtraError: The extra `pdf` is not installed.
        UnreadableError: "encrypted", "damaged", "no_text" (a scan), "too_large".
    """
    require("pdf", "A PDF")
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        document = PdfDocument(data)
    except PdfiumError as error:
        if getattr(error, "err_code", None) in {_PASSWORD_ERROR, _SECURITY_ERROR}:
            raise UnreadableError(
                "encrypted", "The PDF needs a password. Save it without one, or exclude it."
            ) from error
        raise UnreadableError(
            "damaged", "The PDF is damaged: it has no readable page. Export it again from its source."
        ) from error
    texts, broken = _page_texts(document, max_chars)
    if not texts:
        if broken:
            raise UnreadableError("damaged", f"The PDF is damaged: none of its {broken} pages opens. Export it again.")
        raise UnreadableError(
            "no_text", "The PDF has no text, only pictures or drawings. Run text recognition (OCR) on it."
        )
    starts: dict[int, int] = {}
    at = 0
    for index, text in texts.items():
        starts[index] = at
        at += len(text) + len("\n\n")
    text = "\n\n".join(texts.values())
    return Content(
        title=_title(document) or first_line(text) or stem,
        text=text,
        markup=Markup.PLAIN,
        headings=_outline(document, texts, starts),
        pages=tuple(Page(start, f"page {index + 1}") for index, start in starts.items()),
    )


def _page_texts(document: "PdfDocument", max_chars: int) -> tuple[dict[int, str], int]:
    """Return the text of each page that has text, by page index, and the number of pages that do not open."""
    from pypdfium2 import PdfiumError

    texts: dict[int, str] = {}
    broken = 0
    total = 0
    for index in range(len(document)):
        try:
            page = document[index]
            words = page.get_textpage().get_text_range(errors="replace")
            page.close()
        except PdfiumError:
            broken += 1
            continue
        text = normalise(_BROKEN_WORD.sub("", words)).strip()
        total += len(text)
        if total > max_chars:
            raise UnreadableError("too_large", f"The PDF has more than {max_chars:,} characters. Split it.")
        if text:
            texts[index] = text
    return texts, broken


def _title(document: "PdfDocument") -> str | None:
    title = single_line(normalise(document.get_metadata_value("Title") or ""))
    return None if not title or _NO_TITLE.fullmatch(title) else title


def _outline(document: "PdfDocument", texts: dict[int, str], starts: dict[int, int]) -> tuple[Heading, ...]:
    found: dict[int, Heading] = {}
    for entry in document.get_toc(max_depth=_OUTLINE_DEPTH):
        title = single_line(normalise(entry.get_title() or ""))
        destination = entry.get_dest()
        index = destination.get_index() if destination is not None else None
        if not title or index not in texts:
            continue
        # The page may have numbering ("2.1 Methods") and line breaks that the entry lacks.
        words = r"\s+".join(map(re.escape, title.split()))
        place = re.search(rf"^[\d.A-Z]{{0,12}}[ \t]*{words}[ \t]*$", texts[index], re.MULTILINE)
        if place is not None:
            start = starts[index] + place.start()
            found.setdefault(start, Heading(start, entry.level + 1, title))
    return tuple(found[start] for start in sorted(found))
