"""PDF to text: the pages as text, the outline as headings. Runs only in the worker process."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from xnai_pipelines.documents.parsers.markup.code import first_line
from xnai_pipelines.documents.parsers.office.embedded import attached_to_pdf
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Content, Heading, Markup, Member, Omission, Page
from xnai_pipelines.documents.parsers.pdf.columns import Box, column_order
from xnai_pipelines.documents.parsers.pdf.opening import opened_pdf
from xnai_pipelines.documents.parsers.pdf.parts import page_parts, signatures
from xnai_pipelines.documents.parsers.pdf.recognition import PageRecogniser
from xnai_pipelines.documents.parsers.pdf.words import has_unnamed_letters, rejoined, with_unnamed_letters_marked
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.errors import UnreadableError
from xnai_pipelines.extras import require

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

_NO_TITLE = re.compile(
    r"untitled|title|\(?anonymous\)?|\(?unspecified\)?|document\d*|microsoft (?:word|powerpoint|excel)\b.*"
    r"|.*\.(?:docx?|pptx?|xlsx?|od[tps]|indd|tex|dvi|pdf)",
    re.IGNORECASE,
)
_XFA_FORMS = {2, 3}  # FORMTYPE_XFA_FULL, FORMTYPE_XFA_FOREGROUND
_OUTLINE_DEPTH = 6
_MAX_BOXES = 5_000  # on a page in columns
_LONGEST_STAMP = 100  # letters and digits
_MAX_SHARE_OF_PAGE = 0.5
_PICTURE_DEPTH = 3
_MAX_PICTURES = 1_000
_SAMPLED = 16  # letters, of which one is asked for its map


def parse_pdf(data: bytes, stem: str, max_chars: int, recogniser: PageRecogniser | None) -> Iterator[Content | Member]:
    """Yield the text of the pages that have text, with form values and notes, then the files attached to the PDF.

    The recogniser reads the other pages, and those that are a picture but for a stamp; without one they are counted.

    The title is the metadata's, else the first line, else `stem`. Headings are the entries of the outline whose
    words are a line of their page.

    Raises:
        MissingExtraError: The extra `pdf` is not installed.
        UnreadableError: "encrypted", "damaged"; after the attached files "no_text" (a scan), "damaged", "too_large".
    """
    require("pdf", "A PDF")
    from pypdfium2 import PdfiumError

    document, is_cut = opened_pdf(data)
    with suppress(PdfiumError):  # a damaged form costs its values, not the text
        document.init_forms()
    pages = _Pages(unread=[("end of the file, which is cut off", "")] if is_cut else [])
    failure: UnreadableError | None = None
    try:
        _read_pages(pages, document, max_chars, recogniser)
        yield _content(document, pages, stem, recogniser)
    except UnreadableError as error:
        failure = error
    yield from attached_to_pdf(document, pages.files)
    if failure is not None:
        raise failure


def _content(document: "PdfDocument", pages: "_Pages", stem: str, recogniser: PageRecogniser | None) -> Content:
    texts = pages.texts
    if not texts:
        if pages.broken:
            raise UnreadableError(
                "damaged", f"The PDF is damaged: none of its {len(pages.broken)} pages opens. Export it again."
            )
        raise UnreadableError(
            "no_text",
            "The PDF has no text, only pictures or drawings. To read them, set XNAI_OCR_LANGUAGES."
            if recogniser is None
            else "The PDF has only pictures, in which no writing was recognised. Check XNAI_OCR_LANGUAGES.",
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
        encoding_repair=pages.recognition(),
        omissions=pages.omissions(),
    )


@dataclass(slots=True)
class _Pages:
    """What the pages of a document gave.

    Attributes:
        texts: Text of each page that has some, by page index.
        blank: Indexes of pages without text: scans, drawings, damaged contents, empty pages.
        pictures: Indexes of pages with little text and a picture over most of them, which nothing recognised.
        recognised: How sure text recognition was, 0 to 100, by index of the pages that it read.
        broken: Indexes of pages that do not open.
        unnamed: Letters of fonts without a character map.
        files: Handles of the files attached to pages.
        unread: What has no text, such as films: what it is, its name.
    """

    texts: dict[int, str] = field(default_factory=dict)
    blank: list[int] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)
    recognised: dict[int, float] = field(default_factory=dict)
    broken: list[int] = field(default_factory=list)
    unnamed: int = 0
    files: list[Any] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)

    def omissions(self) -> tuple[Omission, ...]:
        """Return what the text does not carry."""
        omitted = Omitted()
        omitted.add("page without text", _named(self.blank), len(self.blank))
        omitted.add("page that is a picture but for a line of text", _named(self.pictures), len(self.pictures))
        omitted.add("page that does not open", _named(self.broken), len(self.broken))
        omitted.add("letter without a character map", count=self.unnamed)
        for part, name in self.unread:
            omitted.add(part, name)
        return omitted.listed()

    def recognition(self) -> str | None:
        """Return which pages were recognised and how sure that is, None if none was."""
        if not self.recognised:
            return None
        sure = sum(self.recognised.values()) / len(self.recognised)
        return f"recognised pictures: {_named(list(self.recognised))}, {sure:.0f}% sure"


def _named(pages: list[int]) -> str:
    return ", ".join(f"page {index + 1}" for index in pages)


def _read_pages(found: _Pages, document: "PdfDocument", max_chars: int, recogniser: PageRecogniser | None) -> None:
    from pypdfium2 import PdfiumError

    if document.get_formtype() in _XFA_FORMS:
        found.unread.append(("form of another format (XFA)", ""))
    found.unread += [("signature", "")] * signatures(document)
    raw: dict[int, str] = {}
    beside: dict[int, list[str]] = {}
    total = 0
    for index in range(len(document)):
        try:
            page = document[index]
            words, unnamed = _page_words(page)
            parts = page_parts(page, words)
            is_picture = _is_picture(page, words)
            seen = recogniser.page(page) if recogniser and (is_picture or not words.strip()) else None
            page.close()
        except PdfiumError:
            found.broken.append(index)
            continue
        if seen:
            words = f"{words.strip()}\n\n{seen.text}".strip()
            found.recognised[index] = seen.confidence
        elif is_picture:
            found.pictures.append(index)
        found.unnamed += unnamed
        found.files += parts.files
        found.unread += parts.unread
        raw[index], beside[index] = words, parts.lines
        total += len(words) + sum(map(len, parts.lines))
        if total > max_chars:
            raise UnreadableError("too_large", f"The PDF has more than {max_chars:,} characters. Split it.")
    for index, words in zip(raw, rejoined(raw.values()), strict=True):
        text = normalise(words).strip()
        if not text:
            found.blank.append(index)
        if text := "\n".join(filter(None, [text, *beside[index]])):
            found.texts[index] = text


def _is_picture(page: "PdfPage", words: str) -> bool:
    """Return whether a page has a little text, such as the stamp of a scanner, and pictures over most of it."""
    import pypdfium2.raw as pdfium

    if not words.strip() or sum(map(str.isalnum, words)) > _LONGEST_STAMP:
        return False
    width, height = page.get_size()
    covered = 0.0
    for picture in islice(page.get_objects([pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=_PICTURE_DEPTH), _MAX_PICTURES):
        left, bottom, right, top = picture.get_bounds()
        covered += max(right - left, 0) * max(top - bottom, 0)
    return bool(covered > _MAX_SHARE_OF_PAGE * width * height)


def _page_words(page: "PdfPage") -> tuple[str, int]:
    """Return the text of a page in reading order, and how many of its letters have no character map."""
    read = page.get_textpage()
    words = str(read.get_text_range(errors="replace"))
    number = read.count_rects()
    if words.count("\n") + 1 < number <= _MAX_BOXES:  # a line holds several pieces
        boxes = [Box(*read.get_rect(at)) for at in range(number)]
        if (order := column_order(boxes)) is not None:
            lines = (" ".join(str(read.get_text_bounded(*boxes[at])).strip() for at in line) for line in order)
            words = "\n".join(lines)
    unnamed = _unnamed_letters(read, words)
    return with_unnamed_letters_marked(words) if unnamed else words, unnamed


def _unnamed_letters(read: "PdfTextPage", words: str) -> int:
    """Return the number of letters without a character map; 0 if neither the text nor a sample of letters shows any."""
    import pypdfium2.raw as pdfium

    def unnamed(step: int) -> int:
        return sum(pdfium.FPDFText_HasUnicodeMapError(read, at) == 1 for at in range(0, read.count_chars(), step))

    return unnamed(1) if has_unnamed_letters(words) or unnamed(_SAMPLED) else 0


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
