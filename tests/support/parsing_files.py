"""Small files of binary formats, written by hand so that every byte is known; the type of `parse`."""

import zipfile
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO

import pytest

from xnai_pipelines.documents.parsers.parsed import ParsedDocument, ParseLimits, UnreadableRecord
from xnai_pipelines.documents.parsers.registry import is_current
from xnai_pipelines.errors import UnreadableError

Parse = Callable[..., list[ParsedDocument | UnreadableRecord]]

_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Target="word/document.xml" Type="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships/officeDocument"/></Relationships>'
)
_WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def one(found: list[object]) -> ParsedDocument:
    (document,) = found
    assert isinstance(document, ParsedDocument)
    assert is_current(document.parser)
    for place in (*document.headings, *document.pages):
        assert 0 <= place.start < len(document.text)
    return document


def kind_of(parse: Parse, name: str, data: bytes | str, limits: ParseLimits | None = None) -> str:
    with pytest.raises(UnreadableError) as caught:
        parse(name, data, limits)
    assert caught.value.parser is not None
    assert is_current(caught.value.parser)
    return caught.value.kind


def docx(body: str, parts: Mapping[str, str | bytes] | None = None, head: str = "") -> bytes:
    """A Word file: `body` is WordprocessingML, `head` stands before the root element."""
    document = f'<?xml version="1.0"?>{head}<w:document {_WORD}><w:body>{body}</w:body></w:document>'
    styles = (
        f'<?xml version="1.0"?><w:styles {_WORD}><w:style w:type="paragraph" w:styleId="Heading1">'
        '<w:name w:val="heading 1"/></w:style></w:styles>'
    )
    return zipped(
        {
            "[Content_Types].xml": _TYPES,
            "_rels/.rels": _RELATIONS,
            "word/document.xml": document,
            "word/styles.xml": styles,
            "word/_rels/document.xml.rels": _relations_of_body(parts or {}),
            **(parts or {}),
        }
    )


def _relations_of_body(parts: Mapping[str, str | bytes]) -> str:
    """The relations of a Word body to its parts, whose kinds follow from their names: `word/header1.xml`."""
    kinds = {"data": "diagramData", "afchunk": "aFChunk", "media": "image"}
    relation = _RELATIONS[_RELATIONS.index("<Relationship Id") : _RELATIONS.index("</Relationships>")]
    found = ""
    for at, name in enumerate(["word/styles.xml", *parts]):
        kind = name.rpartition("/")[2].partition(".")[0].rstrip("0123456789")
        one = relation.replace("relationships/officeDocument", f"relationships/{kinds.get(kind, kind)}")
        found += one.replace("rId1", f"rId{at + 1}").replace("word/document.xml", "/" + name)
    return _RELATIONS.replace(relation, found)


def paragraph(words: str, style: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}<w:r><w:t>{words}</w:t></w:r></w:p>"


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            stored = zipfile.ZIP_STORED if name == "mimetype" else None  # programs look for its bytes
            package.writestr(name, content, stored)
    return stream.getvalue()


def pdf(pages: list[list[str]], title: str = "", encrypt: bool = False) -> bytes:
    """A PDF with the lines of each page; `encrypt` adds a dictionary that no password opens."""
    first_page = 4
    kids = " ".join(f"{first_page + 2 * at} 0 R" for at in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for at, lines in enumerate(pages):
        drawn = " ".join(f"({line}) Tj 0 -20 Td" for line in lines)
        stream = f"BT /F1 12 Tf 50 700 Td {drawn} ET"
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {first_page + 2 * at + 1} 0 R >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    objects.append(f"<< /Title ({title}) >>")
    key = "00" * 32
    locked = (
        f"/Encrypt << /Filter /Standard /V 1 /R 2 /O <{key}> /U <{key}> /P -4 >> /ID [<00> <00>]" if encrypt else ""
    )
    return pdf_of_objects(objects, f"/Info {len(objects)} 0 R {locked}")


def pdf_of_objects(objects: Sequence[str], trailer: str = "") -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalog."""
    data = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{content}\nendobj\n".encode()
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    data += b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    data += f"trailer << /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\n".encode()
    return data + f"startxref\n{start}\n%%EOF\n".encode()
