"""Formats that the first bytes of a file tell: magic numbers, parts of packages, streams of old Office files."""

import re

from xnai_pipelines.documents.parsers.media_types import (
    ARCHIVES,
    BZIP2,
    DOC,
    DOCX,
    EPUB,
    GZIP,
    MSG,
    OFFICE_FORMATS,
    OLD_OFFICE_FORMATS,
    OPENDOCUMENT,
    PACKAGE_FORMATS,
    PARQUET,
    PDF,
    PPT,
    PPTX,
    RTF,
    TAR,
    XLS,
    XLSX,
    XZ,
    ZIP,
)
from xnai_pipelines.errors import SkippedFileError, UnreadableError

_PDF_WITHIN = 1024
_ZIP_MAGIC = b"PK\x03\x04"
_EMPTY_ZIP_MAGIC = b"PK\x05\x06"
_COMPRESSED_MAGIC = ((b"\x1f\x8b", GZIP), (b"BZh", BZIP2), (b"\xfd7zXZ\x00", XZ))
_TAR_BLOCK = 512
_TAR_CHECKSUM = slice(148, 156)
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP_PARTS = (("word/", DOCX), ("ppt/", PPTX), ("xl/", XLSX))
_CONTENT_TYPES = "[Content_Types].xml"
_PACKAGE_PARTS = (_CONTENT_TYPES, "_rels/", "docProps/", "customXml/", *(start for start, _ in _ZIP_PARTS))
_ENTRY_BYTES, _NAME_BYTES = 128, 64
_OLE_PARTS = (
    ("__substg1.0_", MSG),
    ("PowerPoint Document", PPT),
    ("WordDocument", DOC),
    ("Workbook", XLS),
    ("Book", XLS),
)
_RTF_MAGIC = b"{\\rtf"
_BIFF_MAGICS = (b"\x09\x08\x10\x00\x00\x06", b"\x09\x08\x08\x00\x00\x05")
# Documents without a parser: a person can save them as another format.
_UNREAD_DOCUMENTS = (
    (b"ITSF", "compiled HTML help (.chm). Unpack its pages, for example with 7-Zip"),
    (b"AT&TFORM", "a DjVu file. Convert it to PDF"),
    (b"\xffWPC", "a WordPerfect file. Save it as .docx or .odt"),
    (b"\x78\x9f\x3e\x22", "the attachments of a message in Outlook's own format. Have them sent as HTML or plain text"),
    (b"HWP Document File", "a Hangul file. Save it as .docx or PDF"),
)
_UNREAD_PARTS = (
    ("xl/workbook.bin", "a binary workbook (.xlsb). Save it as .xlsx"),
    ("Index/Document.iwa", "an iWork file (Pages, Numbers or Keynote). Export it as .docx, .xlsx, .pptx or PDF"),
    ("index.apxl", "an iWork file (Keynote). Export it as .pptx or PDF"),
    ("Metadata/DocumentIdentifier", "an iWork file (Pages, Numbers or Keynote). Export it as .docx, .xlsx or .pptx"),
    (".iwph", "an iWork file with a password. Export it without one as .docx, .xlsx or .pptx"),
    ("buildVersionHistory.plist", "an iWork file. Export it without a password as .docx, .xlsx, .pptx or PDF"),
    ("visio/", "a Visio drawing. Export it as PDF"),
)
_UNREAD_STREAMS = (
    ("VisioDocument", "a Visio drawing. Export it as PDF"),
    ("Quill", "a Publisher file. Export it as PDF"),
    ("Props14", "a Project plan. Export it as PDF or .xlsx"),
)
_UNSUPPORTED_MAGIC = (
    (b"\x89PNG\r\n", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF8", "GIF image"),
    (b"RIFF", "image, audio or video file"),
    (b"II*\x00", "TIFF image"),
    (b"MM\x00*", "TIFF image"),
    (b"\x00\x00\x01\x00", "icon"),
    (b"8BPS", "Photoshop image"),
    (b"\x28\xb5\x2f\xfd", "Zstandard archive; unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip archive; unpack it"),
    (b"Rar!\x1a\x07", "RAR archive; unpack it"),
    (b"\x7fELF", "program"),
    (b"MZ", "program"),
    (b"\xcf\xfa\xed\xfe", "program"),
    (b"\xca\xfe\xba\xbe", "program"),
    (b"\x00asm", "program"),
    (b"SQLite format 3\x00", "database"),
    (b"ID3", "audio file"),
    (b"OggS", "audio or video file"),
    (b"fLaC", "audio file"),
    (b"\x00\x01\x00\x00\x00", "font"),
    (b"OTTO", "font"),
    (b"wOFF", "font"),
    (b"wOF2", "font"),
)


def binary_format(head: bytes, extension: str, is_text: bool) -> str | None:
    """Return the media type that the first bytes tell, None if they are text or unknown."""
    if head.startswith(b"%PDF-") or (extension == ".pdf" and b"%PDF-" in head[:_PDF_WITHIN]):
        return PDF
    if _begins(head, b"PAR1", is_text):
        return PARQUET
    if head.startswith((_ZIP_MAGIC, _EMPTY_ZIP_MAGIC)):
        return _zip_format(head, extension)
    if is_tar(head):
        return TAR
    for magic, compressed in _COMPRESSED_MAGIC:
        if _begins(head, magic, is_text):
            return _archive(compressed, extension)
    if head.startswith(OLE_MAGIC):
        return _ole_format(head, extension)
    if head.startswith(_RTF_MAGIC):
        return RTF
    if head.startswith(_BIFF_MAGICS):
        return XLS
    if head.startswith(b"%!PS"):
        raise SkippedFileError("unsupported", "PostScript file; convert it to PDF")
    for magic, what in _UNREAD_DOCUMENTS:
        if _begins(head, magic, is_text):
            raise _unread(what)
    if _begins(head[4:], b"ftyp", is_text):
        raise SkippedFileError("unsupported", "video, audio or image file")
    for magic, what in _UNSUPPORTED_MAGIC:
        if _begins(head, magic, is_text):
            raise SkippedFileError("unsupported", what)
    return None


def _begins(head: bytes, magic: bytes, is_text: bool) -> bool:
    """Return whether a file begins with a magic number. Text may begin with the letters of one."""
    is_word = magic.isascii() and magic.decode().isprintable()
    return head.startswith(magic) and not (is_text and is_word)


def _ole_format(head: bytes, extension: str) -> str:
    named = OLD_OFFICE_FORMATS.get(extension)
    found = [media_type for name, media_type in _OLE_PARTS if _has_stream(head, name)]
    if named is not None and named in found:  # objects in a file bring the streams of their own kinds
        return named
    for name, what in _UNREAD_STREAMS:
        if _has_stream(head, name):
            raise _unread(what)
    if extension in OFFICE_FORMATS:  # encrypted files look like this: their parser reports it
        return OFFICE_FORMATS[extension]
    if named is not None and not found:
        return named
    if found:
        return found[0]
    raise SkippedFileError(
        "unsupported", "Office file from before 2007 of an unknown kind; save it as .docx, .xlsx or .pptx"
    )


def _has_stream(head: bytes, name: str) -> bool:
    """Return whether a directory entry (MS-CFB, section 2.6.1) has a name that begins so. Words of a text have none."""
    words = name.encode("utf-16-le")
    at = head.find(words)
    while at >= 0:
        length = int.from_bytes(head[at + _NAME_BYTES : at + _NAME_BYTES + 2], "little")
        if at % _ENTRY_BYTES == 0 and len(words) < length <= _NAME_BYTES:
            return True
        at = head.find(words, at + 1)
    return False


def _zip_format(head: bytes, extension: str) -> str:
    mime = re.match(rb"PK\x03\x04.{26}mimetype(?:.{0,40}?)(application/[\w.+-]+?)(?:PK|\Z)", head, re.DOTALL)
    if mime is not None:
        kind = mime.group(1).decode("ascii").removesuffix("-template")
        if kind in {*OPENDOCUMENT.values(), EPUB}:
            return kind
        if kind == f"{OPENDOCUMENT['.odt']}-master":
            return OPENDOCUMENT[".odt"]
        raise _unread(f"a file of type {kind}. Save it as .docx, .pptx, .xlsx or PDF")
    names = [name.decode() for name in re.findall(rb"PK\x03\x04.{26}([\x20-\x7e]{2,100})", head, re.DOTALL)]
    has_types = any(name.startswith(_CONTENT_TYPES) for name in names)
    if extension == ".zip" and not (has_types and names[0].startswith(_PACKAGE_PARTS)):
        return ZIP  # an Office file in it may look like its own parts
    for part, what in _UNREAD_PARTS:
        if any(name.startswith(part) for name in names):
            raise _unread(what)
    for start, media_type in _ZIP_PARTS:
        if any(name.startswith(start) for name in names):
            return media_type
    if extension in PACKAGE_FORMATS:
        return PACKAGE_FORMATS[extension]
    return _archive(ZIP, extension)


def _archive(media_type: str, extension: str) -> str:
    """Return the media type of an archive that is named like one, or like nothing: many programs pack their files."""
    if extension and extension not in ARCHIVES:
        kind = media_type.rpartition("/")[2].removeprefix("x-")
        raise SkippedFileError(
            "unsupported", f"{kind} archive named {extension}; to read the files in it, name it .{kind}"
        )
    return media_type


def is_tar(head: bytes) -> bool:
    """Return whether a file begins with the header of a tar archive: its checksum is that of its bytes."""
    try:
        checksum = int(head[_TAR_CHECKSUM].strip(b" \0"), 8)
    except ValueError:
        return False
    header = bytearray(head[:_TAR_BLOCK])
    header[_TAR_CHECKSUM] = b" " * 8  # as its writer summed it
    return len(header) == _TAR_BLOCK and sum(header) == checksum


def _unread(what: str) -> UnreadableError:
    return UnreadableError("unsupported", f"It is {what}.")
