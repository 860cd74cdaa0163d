"""Findings: what is wrong with a document, where, and what to do."""

from dataclasses import dataclass
from enum import StrEnum

from xnai_pipelines.documents.health.corpus import Examined


class Severity(StrEnum):
    """How much a finding harms readers."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a document.

    Attributes:
        kind: Kind, such as "broken_link".
        source: Source of the document.
        severity: How much it harms readers.
        message: What is wrong.
        action: What to do.
        start: First character of the place in the document's text.
        end: Character after the last one of the place; `start` if the whole document is meant.
        line: Line of the place, from 1.
    """

    kind: str
    source: str
    severity: Severity
    message: str
    action: str
    start: int = 0
    end: int = 0
    line: int = 1


def found(
    document: Examined,
    kind: str,
    severity: Severity,
    message: str,
    *,
    action: str,
    place: tuple[int, int] = (0, 0),
) -> Finding:
    """Return a finding with the line of its place."""
    start, end = place
    return Finding(
        kind=kind,
        source=document.source,
        severity=severity,
        message=message,
        action=action,
        start=start,
        end=end,
        line=document.text.count("\n", 0, start) + 1,
    )
