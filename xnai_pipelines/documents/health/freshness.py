"""Freshness: when a document was last changed or reviewed, by the best evidence there is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from xnai_pipelines.documents.health.corpus import Examined, ExaminedCorpus
from xnai_pipelines.documents.health.finding import Finding, Severity, found
from xnai_pipelines.documents.health.rules import HealthRules

HALF_LIFE_DAYS = 180.0
ENDS = 2_000  # characters at the start and the end of a page in which it may say when it was updated
FIELDS = ("last_reviewed", "reviewed", "last_updated", "updated", "last_modified", "modified", "lastmod", "date")
EXPIRY_FIELDS = ("expires", "expiry", "expiration", "valid_until", "review_by", "next_review")

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_DATE = (
    r"(?P<iso>\d{4}[-/.]\d{1,2}[-/.]\d{1,2})(?!\d)"
    r"|(?P<day>\d{1,2})(?:st|nd|rd|th)?\.? (?P<month>[A-Z][a-z]{2,8})\.?,? (?P<year>\d{4})"
    r"|(?P<month2>[A-Z][a-z]{2,8})\.? (?P<day2>\d{1,2})(?:st|nd|rd|th)?,? (?P<year2>\d{4})"
)
_ANY_DATE = re.compile(_DATE)
_UPDATED = re.compile(
    r"\b(?i:last (?:updated|reviewed|modified|changed|revised|edited)|(?:updated|reviewed|revised) on)(?i: ?(?:on|at))?"
    rf"[*_: ]{{1,6}}(?:{_DATE})"
)
_EXPIRES = re.compile(
    r"\b(?i:valid until|expires? on|expir(?:es|y date)|best before|effective until|to be reviewed by|"
    rf"next review(?: date)?)[*_: ]{{1,6}}(?:{_DATE})"
)
_EXPIRY_HINTS = ("valid until", "expir", "best before", "effective until", "review")


@dataclass(frozen=True, slots=True)
class Dated:
    """When a document was last changed or reviewed, and what says so: git, front matter, text or file."""

    at: datetime
    by: str


def dated(document: Examined, corpus: ExaminedCorpus) -> Dated:
    """Return the date of a document.

    A commit proves a change. A date that the document states, in its front matter or as "Last updated: ...", proves a
    review. The later of both counts. The file's own time counts only without either: a copy or a checkout renews it.
    """
    known = [Dated(at, "front matter") for name in FIELDS if (at := parse_date(document.matter.get(name, "")))]
    ends = (document.prose[:ENDS], document.prose[max(ENDS, len(document.prose) - ENDS) :])
    known += [Dated(at, "text") for end in ends for found in _UPDATED.finditer(end) if (at := _of(found))]
    committed = corpus.committed.get(document.path)
    if committed is not None:
        known.append(Dated(committed, "git"))
    known = [one for one in known if one.at <= corpus.now]
    return max(known, key=lambda one: one.at, default=Dated(min(document.modified_at, corpus.now), "file"))


def freshness(days: float, rules: HealthRules) -> float:
    """Return 1 up to `stale_days` without a change, then half for every 180 days more."""
    return float(0.5 ** (max(0.0, days - rules.stale_days) / HALF_LIFE_DAYS))


def days_since(when: Dated, now: datetime) -> float:
    """Return the days since a document was last changed or reviewed."""
    return (now - when.at).total_seconds() / 86_400


def stale(document: Examined, when: Dated, now: datetime, rules: HealthRules) -> Finding | None:
    """Return a finding if the page has not been changed or reviewed for a long time."""
    days = days_since(when, now)
    if days <= rules.stale_days:
        return None
    severity = Severity.WARNING if freshness(days, rules) < rules.freshness else Severity.INFO
    message = f"Last changed {when.at:%Y-%m-%d} ({when.by}), {days:,.0f} days ago."
    return found(document, "stale", severity, message, action="Review the page; change it or note the review.")


def expired(corpus: ExaminedCorpus) -> Iterator[Finding]:
    """Yield a finding for each date in a page until which it says to be valid, and which has passed."""
    for document in corpus.documents:
        if not document.is_page:
            continue
        stated = [(parse_date(document.matter.get(name, "")), (0, 0)) for name in EXPIRY_FIELDS]
        lower = document.prose.lower()
        if any(hint in lower for hint in _EXPIRY_HINTS):
            stated += [(_of(match), match.span()) for match in _EXPIRES.finditer(document.prose)]
        for at, place in stated:
            if at is not None and at < corpus.now:
                message, action = f"Valid until {at:%Y-%m-%d}, which has passed.", "Renew, replace or delete the page."
                yield found(document, "expired", Severity.ERROR, message, action=action, place=place)


def parse_date(text: str) -> datetime | None:
    """Return the date at the start of a text, at midnight UTC; None if there is none."""
    match = _ANY_DATE.match(text.strip())
    return _of(match) if match else None


def _of(match: re.Match[str]) -> datetime | None:
    try:
        if match["iso"]:
            year, month, day = (int(part) for part in re.split(r"[-/.]", match["iso"]))
        else:
            month = _MONTHS[(match["month"] or match["month2"])[:3].lower()]
            year, day = int(match["year"] or match["year2"]), int(match["day"] or match["day2"])
        return datetime.combine(date(year, month, day), time(), UTC)
    except (KeyError, ValueError):
        return None
