"""Whether the package of a Word, Excel or PowerPoint file is safe to open, and its title."""

import re
import zipfile

from xnai_pipelines.documents.parsers.packages import open_package
from xnai_pipelines.documents.parsers.signatures import OLE_MAGIC
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.errors import UnreadableError

_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_DECLARATIONS = re.compile(rb"<!(?:DOCTYPE|ENTITY)|<\x00!\x00[DE]\x00")
_PROLOGUE = 4096
_CORE_TITLE = re.compile(r"<dc:title[^<>]*>([^<]+)</dc:title>")


def check_package(data: bytes) -> str:
    """Return the title in the properties of a package that is safe to open, "" without one.

    Raises:
        UnreadableError: "encrypted"; "damaged"; "too_large" for a zip bomb.
    """
    if data.startswith(OLE_MAGIC):
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
