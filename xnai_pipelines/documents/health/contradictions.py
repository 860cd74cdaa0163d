"""Contradictions: the same statement with another number, version or date in another document.

Conservative on purpose: two statements are compared only if they have the same words apart from one value, or the same
subject, verb and unit. Pages that state what was true once, such as release notes, are left out.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from xnai_pipelines.documents.health.corpus import Examined, ExaminedCorpus
from xnai_pipelines.documents.health.finding import Finding, Severity, found
from xnai_pipelines.documents.health.languages import tree_language

MAX_PLACES = 6  # documents with the same statement from which on it is a form that pages fill in
MIN_WORDS = 5
MAX_CHARACTERS = 400  # of a sentence

_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), start=1
    )
}
_DIGIT = re.compile(r"\d")
_VALUE = re.compile(rf"\d{{4}}-\d{{2}}-\d{{2}}|v?\d+(?:[.,]\d+)*(?:\.x)?|\b(?:{'|'.join(_NUMBERS)})\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?:[^.!?\n]|\.(?=\d|\w)|\n(?![ \t]*(?:\n|[-*+#>|]|\d{1,3}[.)][ \t])))+")
_LEADING = re.compile(r"^[\s>*+\-#|\d.)(]*(?:\[[ x]\][ \t])?")
_MARKS = re.compile(r"\[([^\[\]\n]{0,300})\]\([^()\s]{0,500}\)|<[^<>\n]{0,500}>|[*_`]|\{[^{}\n]{0,200}\}")
_WORD = re.compile(r"[^\W\d_]+|#")
# "The upload limit is # MB": subject, verb, value, unit
_IS = re.compile(
    r"^(.{4,80}?) (?:is|are|equals|defaults to|expires? after|takes|lasts|costs|must be|(?:is|are) limited to)"
    r" (?:about |at most |up to |at least |set to |by default )?#( [^\W\d_%]+|%)?",
    re.IGNORECASE,
)
# "requires Acme 3.8 or newer": name, version
_MINIMUM = re.compile(
    r"\b(?:[Rr]equires?|[Nn]eeds?|[Ss]upports?|[Ww]orks? (?:with|on)|[Rr]uns? (?:with|on)|at least) (?:at least )?"
    r"([A-Z][\w.+#]*[A-Za-z](?: [A-Z][\w.+#]*[A-Za-z])?) (?:version )?(?:>= ?)?v?(\d+(?:\.\d+){0,3})"
    r"(?: (?:or|and) (?:newer|later|higher|above|greater|up)\b|\+(?!\w))"
)
# Subjects that name nothing without the text before them.
_REFERS_BACK = re.compile(
    r"^(?:it|its|this|that|these|those|they|there|here|he|she|we|you|i|what|which|who|one|each|both|all|if|when|step|"
    r"the (?:first|second|last|next|following|above|result|output|answer|value|number|example|code|page|section))\b",
    re.IGNORECASE,
)
# Pages that state what was true of one version or at one time.
_HISTORY = re.compile(
    r"change|release|history|news|announce|migrat|upgrad|deprecat|archive|blog|minutes|backward|v?\d+\.\d+|"
    r"\b(?:19|20)\d\d\b",
    re.IGNORECASE,
)
# Statements that name something by its number, or are about one version.
_NAMED_BY_VALUE = re.compile(
    r"\b(?:added in|changed in|removed in|new in|deprecated|example|e\.g|for instance|"
    r"(?:since|until|before|after|as of) (?=v?\d+\.\d|\d{4})|"
    r"(?:step|chapter|section|figure|table|version|python|pep|rfc|iso|issue|ticket|bug) (?=v?\d))|\w://|\bwww\.",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class StatedValue:
    """A statement with one value in it, and its place."""

    document: Examined
    value: str
    words: str
    start: int
    end: int


def contradictions(corpus: ExaminedCorpus) -> Iterator[Finding]:
    """Yield a finding for each statement that another document makes with another value."""
    by_subject: dict[tuple[str, str], list[StatedValue]] = defaultdict(list)
    for document in corpus.documents:
        if document.is_page and not _HISTORY.search(document.path):
            for key, statement in statements(document):
                by_subject[(tree_language(document.path) or "", key)].append(statement)
    reported: set[tuple[str, int]] = set()
    for made in by_subject.values():
        places = {statement.document.source for statement in made}
        if len(places) < 2 or len(places) > MAX_PLACES or len({one.value for one in made}) < 2:
            continue
        if any(len({one.value for one in made if one.document.source == place}) > 1 for place in places):
            continue  # a page that states two values itself has them for different cases
        for statement in made:
            place = (statement.document.source, statement.start)
            if place not in reported:
                reported.add(place)
                yield _contradiction(statement, next(one for one in made if one.value != statement.value))


def statements(document: Examined) -> Iterator[tuple[str, StatedValue]]:
    """Yield the statements of a page that have one value, each with what it is about."""
    for sentence in _sentences(document.prose):
        text = sentence.group()
        if len(text) > MAX_CHARACTERS or not _DIGIT.search(text):
            continue
        words = " ".join(_MARKS.sub(r"\1", _LEADING.sub("", text)).split())
        for named in _MINIMUM.finditer(words):
            yield f"minimum {named.group(1).lower()}", _statement(document, sentence, named.group(2), named.group())
        values = _VALUE.findall(words)
        if len(values) != 1 or _REFERS_BACK.match(words) or _NAMED_BY_VALUE.search(words) or "|" in words:
            continue
        form = _VALUE.sub("#", words)
        value = _plain(values[0])
        # "Added in Acme 2.1.0" has the same words on every page; what the current version is, the rule below compares
        if len(_WORD.findall(form)) > MIN_WORDS and value.count(".") < 2:
            yield form.lower().rstrip(" .:;,"), _statement(document, sentence, value, words)
        if (fact := _IS.match(form)) and "," not in fact.group(1):
            unit = (fact.group(2) or "").strip().lower()
            subject = re.sub(r"^(?:the|our|your|a|an) ", "", fact.group(1).lower())
            if len(subject.split()) >= 2:
                yield f"{subject} = {unit.rstrip('s')}", _statement(document, sentence, value, words)


def _sentences(prose: str) -> Iterator[re.Match[str]]:
    """Yield the sentences of the paragraphs that have a digit."""
    at = 0
    for paragraph in prose.split("\n\n"):
        if _DIGIT.search(paragraph):
            yield from _SENTENCE.finditer(prose, at, at + len(paragraph))
        at += len(paragraph) + 2


def _statement(document: Examined, sentence: re.Match[str], value: str, words: str) -> StatedValue:
    start = sentence.start() + len(sentence.group()) - len(sentence.group().lstrip())
    return StatedValue(document, value, words, start, sentence.end())


def _plain(value: str) -> str:
    value = value.lower().removeprefix("v").rstrip(".,")
    return _NUMBERS.get(value, value.replace(",", "") if re.fullmatch(r"\d{1,3}(?:,\d{3})+", value) else value)


def _contradiction(statement: StatedValue, other: StatedValue) -> Finding:
    said = statement.words if len(statement.words) <= 160 else f"{statement.words[:157]}..."
    message = f'"{said}": {other.document.source} has {other.value} in place of {statement.value}.'
    action = "Find out which is right, and correct the other."
    place = (statement.start, statement.end)
    return found(statement.document, "contradiction", Severity.WARNING, message, action=action, place=place)
