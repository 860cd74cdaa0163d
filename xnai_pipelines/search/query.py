"""What can be asked: the mode, the filters, and questions with their operators."""

import re
from dataclasses import dataclass
from enum import StrEnum

from xnai_pipelines.documents.identity import source_name
from xnai_pipelines.errors import QueryError
from xnai_pipelines.questions.question import fault_of
from xnai_pipelines.search.spelling import Correction

# Words for a kind of file beside its extensions.
_KINDS = {"mail": "eml", "mailbox": "mbox", "calendar": "ics", "notebook": "ipynb", "python": "py"}
_LANGUAGE = re.compile(r"([a-z]{2})(?:[-_][a-z]+)?")
_QUOTED = r'"[^"]+"(?![A-Za-z0-9])|“[^“”]+”|„[^„“”]+[“”]|«[^«»]+»|「[^「」]+」|『[^『』]+』'
_QUOTES = '"“”„«»「」『』'
_OPERATOR = re.compile(
    # an option or a number is none: -rf, -273.15
    r"(?<!\S)(?:-(?P<without>(?:[^\W\d][^\s\"\d]{2,}|(?=[^\x00-\x7f])[^\W\d][^\s\"\d]+))"
    rf"|(?P<name>source|lang|type):(?P<value>\"[^\"]+\"|[^\s\"]+))(?!\S)"
    rf"|(?<!\S)-(?P<excluded>{_QUOTED})|(?!(?<=[A-Za-z0-9-])\")(?:{_QUOTED})"
)


class Mode(StrEnum):
    """How passages are found: nearest vectors, BM25 over words, both fused, or these extended over the graph."""

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
        without: Words and phrases that no passage may contain.
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

    Operators are `"a phrase"` in the quotation marks of any language, `-without`, `-"a phrase"`, `source:prefix`,
    `lang:de` and `type:pdf`. Anything else is a word, such as an option `-rf` of fewer than three letters, or an
    unknown language or type; so are operators in a question that has nothing else to search for. A given filter takes
    precedence over an operator.

    Raises:
        QueryError: The question is empty, not valid Unicode, too long, or has no letter or digit.
    """
    text = checked_question(question)
    phrases, without, named = [], [], dict[str, str]()
    kept, at = [], 0
    for match in _OPERATOR.finditer(text):
        kept.append(text[at : match.start()])
        at = match.end()
        if match["without"]:
            without.append(match["without"])
        elif match["excluded"]:
            without.append(match["excluded"].strip(_QUOTES).strip())
        elif match["name"] and (condition := _condition(match["name"], match["value"].strip('"'))):
            named[match["name"]] = condition
        elif match["name"]:
            kept.append(match.group())
        else:
            phrases.append(match.group().strip(_QUOTES).strip())
            kept.append(phrases[-1])
    left = "".join([*kept, text[at:]]).strip()
    if not _has_word(left):
        return Asked(text, filters=filters)
    return Asked(
        " ".join(left.split()),
        tuple(dict.fromkeys(filter(_has_word, phrases))),
        tuple(dict.fromkeys(filter(_has_word, without))),
        Filters(
            source_prefix=filters.source_prefix or named.get("source"),
            language=filters.language or named.get("lang"),
            media_type=filters.media_type or named.get("type"),
        ),
    )


def _condition(name: str, value: str) -> str | None:
    """Return the value of an operator as passages have it, None if none can have it."""
    if name == "source":
        return value
    value = value.lower()
    if name == "lang":
        language = _LANGUAGE.fullmatch(value)
        return language[1] if language else None
    if "/" in value:
        return value
    # imported here: few questions name a type, and every search would wait for what reads files
    from xnai_pipelines.documents.parsers.media_types import MEDIA_TYPES

    return MEDIA_TYPES.get(_KINDS.get(value, value))


def _has_word(text: str) -> bool:
    return any(map(str.isalnum, text))


def checked_question(question: str) -> str:
    """Return the question without surrounding white space.

    Raises:
        QueryError: It is empty, not valid Unicode, too long, or has no letter or digit.
    """
    stripped = question.strip()
    if fault := fault_of(stripped):
        raise QueryError(f"The question {fault}. Ask in words, for example: xnai search 'copy a folder'.")
    return stripped
