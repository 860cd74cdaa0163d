"""What can be asked: the mode, the filters, and questions with their operators."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from xnai_pipelines.documents.identity import source_name
from xnai_pipelines.errors import QueryError
from xnai_pipelines.search.spelling import Correction

LONGEST_QUESTION = 4_000  # characters; the encoder reads far fewer

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "doc": "application/msword",
    "ppt": "application/vnd.ms-powerpoint",
    "xls": "application/vnd.ms-excel",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "rtf": "application/rtf",
    "epub": "application/epub+zip",
    "html": "text/html",
    "markdown": "text/markdown",
    "md": "text/markdown",
    "rst": "text/x-rst",
    "text": "text/plain",
    "txt": "text/plain",
    "csv": "text/csv",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "mail": "message/rfc822",
    "eml": "message/rfc822",
    "msg": "application/vnd.ms-outlook",
    "calendar": "text/calendar",
    "ics": "text/calendar",
    "vcard": "text/vcard",
    "vcf": "text/vcard",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "xml": "application/xml",
    "yaml": "application/yaml",
    "toml": "application/toml",
    "latex": "text/x-tex",
    "tex": "text/x-tex",
    "asciidoc": "text/asciidoc",
    "org": "text/x-org",
    "python": "text/x-python",
    "py": "text/x-python",
}
_OPERATOR = re.compile(r'(?<!\S)(?:"([^"]+)"|-(\w[^\s"]{2,})|(source|lang|type):(\S+))(?!\S)')


class Mode(StrEnum):
    """How passages are found: nearest vectors, BM25 over words, both fused, or these led on by the knowledge graph."""

    HYBRID = "hybrid"
    VECTOR = "vector"
    KEYWORD = "keyword"
    GRAPH = "graph"


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions on the passages searched; None: no condition. Names are compared in Unicode's composed form."""

    source_prefix: str | None = None
    media_type: str | None = None
    language: str | None = None

    @property
    def normal_prefix(self) -> str:
        """The prefix in NFC and without a leading "./"."""
        return source_name(self.source_prefix or "")


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question taken apart.

    Attributes:
        text: The words to search for, those of phrases among them.
        phrases: Phrases; passages that contain one word for word come first.
        without: Words that no passage may contain.
        filters: Conditions on the passages.
        corrections: Words that `text` has in place of those that were written.
    """

    text: str
    phrases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    filters: Filters = NO_FILTERS
    corrections: tuple[Correction, ...] = ()


def asked(question: str, filters: Filters = NO_FILTERS) -> Asked:
    """Return the question without its operators, and what these say.

    Operators are `"a phrase"`, `-without`, `source:prefix`, `lang:de` and `type:pdf`. Anything else is a word, such as
    an option `-rf` of fewer than three letters; so are operators in a question that has nothing else to search for. A
    given filter goes before an operator.

    Raises:
        QueryError: The question is empty, not valid Unicode, too long, or has no letter or digit.
    """
    text = checked_question(question)
    phrases, without, named = [], [], {}
    kept, at = [], 0
    for match in _OPERATOR.finditer(text):
        phrase, excluded, operator, value = match.groups()
        kept.append(text[at : match.start()])
        at = match.end()
        if phrase:
            phrases.append(phrase)
            kept.append(phrase)
        elif excluded:
            without.append(excluded)
        elif operator == "type" and value.lower() not in MEDIA_TYPES and "/" not in value:
            kept.append(match.group())
        else:
            named[operator] = value
    left = "".join([*kept, text[at:]]).strip()
    if not any(map(str.isalnum, left)):
        return Asked(text, filters=filters)
    media_type = named.get("type")
    return Asked(
        " ".join(left.split()),
        tuple(phrases),
        tuple(without),
        replace(
            filters,
            source_prefix=filters.source_prefix or named.get("source"),
            language=filters.language or named.get("lang"),
            media_type=filters.media_type or (media_type and MEDIA_TYPES.get(media_type.lower(), media_type)),
        ),
    )


def checked_question(question: str) -> str:
    """Return the question without surrounding white space.

    Raises:
        QueryError: It is empty, not valid Unicode, too long, or has no letter or digit.
    """
    stripped = question.strip()
    if not stripped:
        raise QueryError("The question is empty. Ask in words, for example: xnai search 'copy a folder'.")
    try:
        stripped.encode()
    except UnicodeEncodeError as error:
        raise QueryError(
            f"The question is not valid text: character {error.start + 1} is half of one. Ask in UTF-8."
        ) from None
    if len(stripped) > LONGEST_QUESTION:
        raise QueryError(
            f"The question has {len(stripped):,} characters; the max is {LONGEST_QUESTION:,}. Ask a shorter question."
        )
    if not any(character.isalnum() for character in stripped):
        raise QueryError(f"The question {stripped[:40]!r} has no letter or digit to search for.")
    return stripped
