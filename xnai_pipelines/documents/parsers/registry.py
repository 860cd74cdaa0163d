"""The parser of each media type, its version, and whether it runs in the worker process."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version

from xnai_pipelines.documents.parsers.archives import parse_compressed, parse_tar, parse_zip
from xnai_pipelines.documents.parsers.mail.calendars import parse_calendar
from xnai_pipelines.documents.parsers.mail.content_lines import whole_characters
from xnai_pipelines.documents.parsers.mail.messages import parse_mail, parse_mailbox
from xnai_pipelines.documents.parsers.mail.outlook import attached_to_msg, parse_msg
from xnai_pipelines.documents.parsers.mail.vcards import parse_vcards
from xnai_pipelines.documents.parsers.markup.asciidoc import parse_asciidoc
from xnai_pipelines.documents.parsers.markup.code import parse_code, parse_plain, parse_python
from xnai_pipelines.documents.parsers.markup.configuration import parse_toml, parse_yaml
from xnai_pipelines.documents.parsers.markup.epub import parse_epub
from xnai_pipelines.documents.parsers.markup.html import parse_html
from xnai_pipelines.documents.parsers.markup.latex import parse_latex
from xnai_pipelines.documents.parsers.markup.markdown import parse_markdown
from xnai_pipelines.documents.parsers.markup.org import parse_org
from xnai_pipelines.documents.parsers.markup.roff import parse_roff
from xnai_pipelines.documents.parsers.markup.rst import parse_rst
from xnai_pipelines.documents.parsers.markup.subtitles import parse_subtitles
from xnai_pipelines.documents.parsers.markup.xml_text import parse_xml
from xnai_pipelines.documents.parsers.media_types import (
    ASCIIDOC,
    BZIP2,
    CALENDAR,
    CSV,
    DOC,
    DOCX,
    EPUB,
    FLAT_OPENDOCUMENT,
    GZIP,
    HTML,
    LATEX,
    MAIL,
    MAILBOX,
    MSG,
    OPENDOCUMENT,
    ORG,
    PARQUET,
    PDF,
    PLAIN,
    PPT,
    PPTX,
    ROFF,
    RTF,
    SUBRIP,
    TAR,
    TOML,
    VCARD,
    WEBVTT,
    XLS,
    XLSX,
    XML,
    XZ,
    YAML,
    ZIP,
)
from xnai_pipelines.documents.parsers.office.embedded import embedded_in_office
from xnai_pipelines.documents.parsers.office.opendocument import parse_flat_opendocument, parse_opendocument
from xnai_pipelines.documents.parsers.office.slides import parse_pptx
from xnai_pipelines.documents.parsers.office.variants import of_any_variant
from xnai_pipelines.documents.parsers.office.word import parse_docx
from xnai_pipelines.documents.parsers.office.workbook import parse_xlsx
from xnai_pipelines.documents.parsers.office97.excel import parse_xls
from xnai_pipelines.documents.parsers.office97.powerpoint import parse_ppt
from xnai_pipelines.documents.parsers.office97.rtf import parse_rtf
from xnai_pipelines.documents.parsers.office97.word import parse_doc
from xnai_pipelines.documents.parsers.parsed import BadRecord, Content, Member, ParseLimits, SourceFile
from xnai_pipelines.documents.parsers.pdf.document import parse_pdf
from xnai_pipelines.documents.parsers.pdf.recognition import PageRecogniser
from xnai_pipelines.documents.parsers.records.notebook import parse_json, parse_notebook
from xnai_pipelines.documents.parsers.records.records import parse_csv, parse_jsonl, parse_parquet
from xnai_pipelines.documents.parsers.text.normalise import normalise
from xnai_pipelines.documents.parsers.text.repair import decode_and_repair
from xnai_pipelines.errors import FileError

# Version of detection, decoding, repair, normalisation and language. Raise it when their output changes.
_COMMON_VERSION = 7


@dataclass(frozen=True, slots=True)
class Parser:
    """One way to read a file.

    Attributes:
        name: Name that documents and failures carry.
        own_version: Version of the parser. Raise it when its output changes.
        parse: Function that yields the contents of a file.
        isolated: Whether it runs in the worker process, because hostile files of its format exist.
        libraries: Packages that write part of the output. Their versions are part of the parser's.
        has_members: Whether its files may hold other files, which become documents of their own.
        option: Function that returns how the limits change what it reads, as the ledger keeps it; "" if they do not.
    """

    name: str
    own_version: int
    parse: Callable[[SourceFile], Iterable[Content | BadRecord | Member]]
    isolated: bool = False
    libraries: tuple[str, ...] = ()
    has_members: bool = False
    option: Callable[[ParseLimits], str] = lambda limits: ""

    @property
    def id(self) -> str:
        """The id that documents and failures carry: "name@version"."""
        return _identity(self.name, self.own_version, self.libraries)

    def reader(self, limits: ParseLimits) -> str:
        """Return the id, with what the limits change."""
        return f"{self.id} {self.option(limits)}".rstrip()


@cache
def _identity(name: str, own_version: int, libraries: tuple[str, ...]) -> str:
    used = "".join(f"+{library}-{_version(library) or 'missing'}" for library in libraries)
    return f"{name}@{_COMMON_VERSION}.{own_version}{used}"


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def _of_text(
    parse: Callable[[str, str], Content], prepare: Callable[[bytes], bytes] = bytes
) -> Callable[[SourceFile], Iterable[Content]]:
    """Return a parser of files that decodes, repairs and normalises the text for a parser of text."""

    def read(source: SourceFile) -> Iterable[Content]:
        text, repair = decode_and_repair(prepare(source.read()))
        content = parse(normalise(text), source.stem)
        return (content if repair is None else replace(content, encoding_repair=repair),)

    return read


def _of_bytes(
    parse: Callable[[bytes, str, int], Content], members: Callable[[bytes], Iterable[Member]] = lambda data: ()
) -> Callable[[SourceFile], Iterable[Content | Member]]:
    """Return a parser of files from one of bytes. What a file carries is read even if its own text is not."""

    def read(source: SourceFile) -> Iterable[Content | Member]:
        data = source.read()
        failure: FileError | None = None
        try:
            yield parse(data, source.stem, source.limits.max_text_chars)
        except FileError as error:
            failure = error
        yield from members(data)
        if failure is not None:
            raise failure

    return read


def _read_pdf(source: SourceFile) -> Iterable[Content | Member]:
    limits = source.limits
    recogniser = PageRecogniser(limits.ocr_languages, limits.seconds) if limits.ocr_languages else None
    return parse_pdf(source.read(), source.stem, limits.max_text_chars, recogniser)


def _read_notebook(source: SourceFile) -> Iterable[Content]:
    return _of_text(partial(parse_notebook, outputs=source.limits.notebook_outputs))(source)


def _office(name: str, version: int, parse: Callable[[bytes, str, int], Content], *libraries: str) -> Parser:
    read = _of_bytes(of_any_variant(parse), embedded_in_office)
    return Parser(name, version, read, isolated=True, libraries=libraries, has_members=True)


_COMPRESSED = Parser("compressed", 1, parse_compressed, isolated=True, has_members=True)
_CODE = Parser("code", 1, _of_text(parse_code))
_BY_MEDIA_TYPE: Mapping[str, Parser] = {
    "text/markdown": Parser("markdown", 3, _of_text(parse_markdown)),
    "text/x-rst": Parser("rst", 2, _of_text(parse_rst)),
    PLAIN: Parser("plain", 1, _of_text(parse_plain)),
    "application/json": Parser("json", 4, _of_text(parse_json)),
    "application/x-ipynb+json": Parser("notebook", 4, _read_notebook, option=lambda limits: limits.outputs),
    "application/jsonl": Parser("jsonl", 4, parse_jsonl),
    CSV: (_csv := Parser("csv", 4, parse_csv)),
    "text/tab-separated-values": _csv,
    "text/x-python": Parser("python", 1, _of_text(parse_python), isolated=True),
    HTML: Parser("html", 10, _of_text(parse_html), isolated=True, libraries=("trafilatura", "selectolax")),
    MAIL: Parser(
        "mail",
        7,
        parse_mail,
        isolated=True,
        libraries=("selectolax",),
        has_members=True,
    ),
    MAILBOX: Parser("mailbox", 6, parse_mailbox, isolated=True, libraries=("selectolax",), has_members=True),
    CALENDAR: Parser("calendar", 3, _of_text(parse_calendar, whole_characters)),
    PDF: Parser(
        "pdf",
        5,
        _read_pdf,
        isolated=True,
        libraries=("pypdfium2",),
        has_members=True,
        option=lambda limits: limits.recognition,
    ),
    DOCX: _office("docx", 7, parse_docx, "markitdown", "mammoth"),
    PPTX: _office("pptx", 6, parse_pptx, "python-pptx"),
    XLSX: _office("xlsx", 7, parse_xlsx, "openpyxl"),
    **dict.fromkeys(OPENDOCUMENT.values(), Parser("opendocument", 3, _of_bytes(parse_opendocument), isolated=True)),
    FLAT_OPENDOCUMENT: Parser("flat-opendocument", 3, _of_bytes(parse_flat_opendocument), isolated=True),
    EPUB: Parser("epub", 5, _of_bytes(parse_epub), isolated=True, libraries=("selectolax",)),
    RTF: Parser("rtf", 2, _of_bytes(parse_rtf), isolated=True),
    DOC: Parser("doc", 2, _of_bytes(parse_doc), isolated=True, libraries=("olefile",)),
    XLS: Parser("xls", 2, _of_bytes(parse_xls), isolated=True, libraries=("xlrd", "olefile")),
    PPT: Parser("ppt", 2, _of_bytes(parse_ppt), isolated=True, libraries=("olefile",)),
    MSG: Parser(
        "msg",
        5,
        _of_bytes(parse_msg, attached_to_msg),
        isolated=True,
        libraries=("olefile", "selectolax"),
        has_members=True,
    ),
    XML: Parser("xml", 5, _of_bytes(parse_xml), isolated=True, libraries=("selectolax",)),
    LATEX: Parser("latex", 4, _of_text(parse_latex), isolated=True),
    ASCIIDOC: Parser("asciidoc", 3, _of_text(parse_asciidoc)),
    ORG: Parser("org", 1, _of_text(parse_org)),
    ROFF: Parser("roff", 2, _of_text(parse_roff), isolated=True),
    YAML: Parser("yaml", 1, _of_text(parse_yaml)),
    TOML: Parser("toml", 1, _of_text(parse_toml)),
    VCARD: Parser("vcard", 3, _of_text(parse_vcards, whole_characters)),
    SUBRIP: (_subtitles := Parser("subtitles", 3, _of_text(parse_subtitles))),
    WEBVTT: _subtitles,
    PARQUET: Parser("parquet", 3, parse_parquet, isolated=True),
    ZIP: Parser("zip", 1, parse_zip, isolated=True, has_members=True),
    TAR: Parser("tar", 1, parse_tar, isolated=True, has_members=True),
    **dict.fromkeys((GZIP, BZIP2, XZ), _COMPRESSED),
}
DETECTION = f"detect@{_COMMON_VERSION}.1"
"""The parser id of files without a parser. The second number is that of its reasons to skip them."""


def parser_for(media_type: str) -> Parser:
    """Return the parser of a media type from `detect`. All source code shares one."""
    return _BY_MEDIA_TYPE.get(media_type, _CODE)


def parsers() -> tuple[Parser, ...]:
    """Return every parser once."""
    return tuple(dict.fromkeys((_CODE, *_BY_MEDIA_TYPE.values())))


def is_current(parser: str) -> bool:
    """Return whether a recorded "name@version" is what would read the file today.

    False for a parser that no longer exists: its files must be read again. True for a parser whose libraries are no
    longer installed: what it read stays, since nothing here can read it again.
    """
    return parser in _current() or parser.partition("@")[0] in _unavailable()


def option_of(reader: str, limits: ParseLimits) -> str:
    """Return how the limits change what a recorded "name@version" reads, "" if they do not."""
    options = {parser.name: parser.option for parser in parsers()}
    option = options.get(reader.partition("@")[0])
    return option(limits) if option else ""


@cache
def _current() -> frozenset[str]:
    return frozenset((DETECTION, *(parser.id for parser in parsers())))


@cache
def _unavailable() -> frozenset[str]:
    """Return the names of the parsers that lack a library."""
    return frozenset(parser.name for parser in _BY_MEDIA_TYPE.values() if not all(map(_version, parser.libraries)))
