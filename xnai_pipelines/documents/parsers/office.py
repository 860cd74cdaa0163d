"""What Word, Excel and PowerPoint files share: checks of the package, and a document of labelled texts."""

import re
import zipfile
from collections.abc import Iterable
from itertools import accumulate

from xnai_pipelines.documents.parsers.markdown import markdown_headings, title_of
from xnai_pipelines.documents.parsers.normalise import normalise, single_line
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.packages import open_package
from xnai_pipelines.documents.parsers.parsed import Content, Markup, Page
from xnai_pipelines.errors import UnreadableError

_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_DECLARATIONS = re.compile(rb"<!(?:DOCTYPE|ENTITY)|<\x00!\x00[DE]\x00")
_PROLOGUE = 4096
_CORE_TITLE = re.compile(r"<dc:title[^<>]*>([^<]+)</dc:title>")


def paged_content(title: str, stem: str, parts: Iterable[tuple[str, str]], omitted: Omitted | None = None) -> Content:
    """Return labelled Markdown texts as one document. A text with a label is a page; empty texts are dropped.

    The title is `title`, else the first heading that is not a page's label, else `stem`.

    Raises:
        UnreadableError: "no_text" if nothing is left.
    """
    filled = [(label, text) for label, text in parts if text.strip()]
    if not filled:
        raise UnreadableError("no_text", "The file has no text: it is empty or has only pictures.")
    starts = list(accumulate((len(text) + len("\n\n") for _, text in filled), initial=0))
    pages = tuple(Page(start, label) for start, (label, _) in zip(starts, filled, strict=False) if label)
    text = "\n\n".join(text for _, text in filled)
    headings = markdown_headings(text)
    of_pages = {page.label.removeprefix("sheet ") for page in pages}
    named = title_of(tuple(heading for heading in headings if heading.title not in of_pages))
    return Content(
        title=title or named or stem,
        text=text,
        markup=Markup.MARKDOWN,
        headings=headings,
        pages=pages,
        omissions=omitted.listed() if omitted else (),
    )


def check_package(data: bytes) -> str:
    """Return the title in the properties of a package that is safe to open, "" without one.

    Raises:
        UnreadableError: "encrypted"; "damaged"; "too_large" for a zip bomb.
    """
    if data.startswith(_OLE_MAGIC):
        if _ENCRYPTED_PACKAGE in data:
            raise UnreadableError("encrypted", "The file needs a password. Save it without one.")
        raise UnreadableError(
            "damaged", "The file is in an Office format from before 2007. Save it as .docx, .xlsx or .pptx."
        )
    try:
        with open_package(data) as package:
            for part in package.infolist():
                if part.filename.endswith((".xml", ".rels")):
                    _check_prologue(package, part)
            core = package.read("docProps/core.xml") if "docProps/core.xml" in package.namelist() else b""
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise UnreadableError("damaged", f"The Office file is damaged: {error}. Save it again.") from error
    title = _CORE_TITLE.search(core.decode("utf-8", errors="replace"))
    return single_line(normalise(title.group(1))) if title else ""


def _check_prologue(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse entities: Office files declare none (ECMA-376 part 2), so one that does attacks the XML parser."""
    with package.open(part) as stream:
        if _DECLARATIONS.search(stream.read(_PROLOGUE)):
            raise UnreadableError(
                "damaged", f"The part {part.filename} declares XML entities, which Office files never do."
            )


def check_size(chars: int, max_chars: int) -> None:
    """Refuse a text beyond the limit.

    Raises:
        UnreadableError: "too_large".
    """
    if chars > max_chars:
        raise UnreadableError("too_large", f"The file has more than {max_chars:,} characters. Split it.")
