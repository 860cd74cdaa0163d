"""Office packages of other kinds than the usual: strict OOXML, files with macros."""

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

from xnai_pipelines.documents.parsers.packages import open_package, part_of
from xnai_pipelines.documents.parsers.parsed import Content, Omission

_ZIP_MAGIC = b"PK"
_STRICT = b"http://purl.oclc.org/ooxml/"
_NAMESPACE = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")
_TRANSITIONAL = rb"http://schemas.openxmlformats.org/\1/2006/"
_MACROS = "vbaProject.bin"


def of_any_variant(parse: Callable[[bytes, str, int], Content]) -> Callable[[bytes, str, int], Content]:
    """Return a parser of Office packages that also reads strict OOXML (ISO/IEC 29500), and counts macros."""

    def read(data: bytes, stem: str, max_chars: int) -> Content:
        if not data.startswith(_ZIP_MAGIC):
            return parse(data, stem, max_chars)
        with open_package(data) as package:
            has_macros = any(name.endswith(_MACROS) for name in package.namelist())
            if _STRICT in (part_of(package, "_rels/.rels") or b""):
                data = _transitional(package)
        content = parse(data, stem, max_chars)
        return replace(content, omissions=(*content.omissions, Omission("macros", 1))) if has_macros else content

    return read


def _transitional(package: zipfile.ZipFile) -> bytes:
    """Return the package with the namespaces of the transitional kind, which the readers know."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as new:
        for part in package.infolist():
            new.writestr(part.filename, _NAMESPACE.sub(_TRANSITIONAL, package.read(part)))
    return stream.getvalue()
