"""What a page lacks: text, code samples that its neighbours have, finished parts; and its status."""

import re
from collections import defaultdict
from collections.abc import Iterator

from xnai_pipelines.documents.health.corpus import Examined, ExaminedCorpus
from xnai_pipelines.documents.health.finding import Finding, Severity, found

SHORT_WORDS = 30
LONG_WORDS = 6_000
SIBLINGS = 4  # pages of a folder from which a habit can be told
HABIT = 0.8  # share of them that have code
INDEX_NAMES = frozenset(("index", "readme", "_index", "toc", "summary", "license", "changelog", "contents"))
UNFINISHED = frozenset(("draft", "pending", "in progress", "wip", "work in progress", "todo", "planned", "outline"))
OUTDATED = frozenset(("deprecated", "obsolete", "archived", "superseded", "retired"))
FINISHED = frozenset(("completed", "complete", "done", "final", "published", "approved", "stable", "live", "released"))

_UNWRITTEN = (
    "coming soon|under construction|to be written|to be done|to be determined|to be defined|to be completed|"
    "content goes here|insert text here"
)
# Pattern, severity, and words of which one must occur: looking for words is faster than looking for a pattern.
_PLACEHOLDERS = (
    (
        re.compile(
            r"(?<![\w./\"'“«-])(?:TODO|TBD|FIXME|TBC)(?=:|\(|[ \t]*$|[ \t]+[-–—]|\.|\]|\*|,|[ \t]+[a-z])", re.MULTILINE
        ),
        Severity.WARNING,
        ("todo", "tbd", "fixme", "tbc"),
    ),
    (re.compile(r"\blorem ipsum\b", re.IGNORECASE), Severity.ERROR, ("lorem ipsum",)),
    (
        re.compile(
            rf"^[ \t]*[*_>(\[]{{0,4}}(?:this (?:page|section) is )?(?:{_UNWRITTEN})\b[.!…*_)\]]{{0,5}}[ \t]*$",
            re.MULTILINE | re.IGNORECASE,
        ),
        Severity.WARNING,
        tuple(_UNWRITTEN.split("|")),
    ),
)
_CODE_SAMPLE = re.compile(
    r"^[ \t>]*(?:`{3,}|~{3,})|::[ \t]*$|>>> |"
    r"^[ \t]*(?:\.\. (?:code-block|code|sourcecode|literalinclude|doctest|testcode|include)::|\{\*)",
    re.MULTILINE,
)
_CITATION = re.compile(
    r"\[\^[^\]\s]{1,100}\](?!:)|\[@[\w:.-]{1,100}[\];,]|\[(?:\d{1,3}|\#[\w-]{0,50}|[A-Z][\w+-]{1,40}\d{2,4})\]_"
    r"|\b10\.\d{4,9}/[^\s\"<>)]{2,100}|\barXiv:\s?\d{4}\.\d{4,5}"
)


def citations(document: Examined) -> int:
    """Return how often the page refers to a source: footnotes, citations, DOIs, arXiv numbers."""
    return len(_CITATION.findall(document.prose))


def has_code(document: Examined) -> bool:
    """Return whether the page shows a code sample."""
    return _CODE_SAMPLE.search(document.text) is not None


def status_of(document: Examined) -> str | None:
    """Return the status that the front matter states (pending, in progress, completed, outdated), None without one."""
    matter = document.matter
    if matter.get("draft", "").lower() == "true":
        return "in progress"
    value = matter.get("status", "").lower().replace("_", " ").replace("-", " ").strip()
    if value in UNFINISHED:
        return "pending" if value in ("pending", "planned", "todo", "outline") else "in progress"
    return "completed" if value in FINISHED else "outdated" if value in OUTDATED else None


def length(document: Examined, words: int) -> Finding | None:
    """Return a finding if the page says next to nothing, or is too long for one page."""
    if words < SHORT_WORDS and not _is_index(document) and not has_code(document):
        message, action = f"Only {words} words: too short to help.", "Write the page, or merge it into another."
        severity = Severity.INFO if words else Severity.WARNING
        return found(document, "short", severity, message, action=action)
    if words > LONG_WORDS and not _is_log(document):
        message, action = f"{words:,} words on one page.", "Split the page by its headings."
        return found(document, "long", Severity.INFO, message, action=action)
    return None


def code_samples(corpus: ExaminedCorpus) -> Iterator[Finding]:
    """Yield a finding for each page without code in a folder whose pages have code."""
    folders: dict[str, list[Examined]] = defaultdict(list)
    for document in _pages(corpus):
        if document.has_structure and not _is_index(document):
            folders[document.folder].append(document)
    for folder, pages in folders.items():
        without = [page for page in pages if not has_code(page)]
        if len(pages) <= SIBLINGS or len(without) > (1 - HABIT) * len(pages):
            continue
        for page in without:
            others = f"{len(pages) - len(without)} of {len(pages)} pages of {folder or 'the folder'} have one"
            message = f"No code sample; {others}."
            yield found(page, "no_code_sample", Severity.INFO, message, action="Add an example that can be copied.")


def placeholders(corpus: ExaminedCorpus) -> Iterator[Finding]:
    """Yield a finding for each placeholder outside code: TODO, TBD, lorem ipsum, "coming soon"."""
    for document in _pages(corpus):
        lower = document.prose.lower()
        for pattern, severity, hints in _PLACEHOLDERS:
            for match in pattern.finditer(document.prose) if any(hint in lower for hint in hints) else ():
                words = " ".join(match.group().split()).strip("*_>()[] ")
                message, action = f"Placeholder: {words}.", "Write what is missing, or delete the note."
                yield found(document, "placeholder", severity, message, action=action, place=match.span())


def statuses(corpus: ExaminedCorpus) -> Iterator[Finding]:
    """Yield a finding for each page whose front matter calls it unfinished or outdated."""
    for document in _pages(corpus):
        status = status_of(document)
        if status in ("pending", "in progress"):
            message, action = (
                f"The front matter calls the page {status}.",
                "Finish the page, or keep it out of the folder.",
            )
            yield found(document, "unfinished", Severity.WARNING, message, action=action)
        elif status == "outdated":
            message, action = "The front matter calls the page outdated.", "Replace the page, or delete it."
            yield found(document, "outdated", Severity.WARNING, message, action=action)


def _pages(corpus: ExaminedCorpus) -> Iterator[Examined]:
    return (document for document in corpus.documents if document.is_page)


def _is_index(document: Examined) -> bool:
    return document.path.rpartition("/")[2].partition(".")[0].lower() in INDEX_NAMES


def _is_log(document: Examined) -> bool:
    name = document.path.lower()
    return any(word in name for word in ("changelog", "release", "history", "news", "changes"))
