"""What people are told, and what became of telling them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

# Slack and Mattermost cut or refuse longer messages, and the log stays readable.
TITLE_CHARACTERS = 200
TEXT_CHARACTERS = 4_000


class Severity(StrEnum):
    """How soon a person should look."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Outcome(StrEnum):
    """What became of an alert at one sink."""

    DELIVERED = "delivered"
    REPEATED = "repeated"  # told a short while ago, so not again
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Alert:
    """A thing that people should know.

    Attributes:
        kind: Such as "run_failure" or "retraining_given_up".
        title: One line.
        text: What happened and what to do.
        severity: How soon to look.
        at: When it happened, with its time zone.
        tags: Facts for machines; alerts of the same kind and tag "cause" are the same alert.
        link: Address of a page that shows more.
    """

    kind: str
    title: str
    text: str
    severity: Severity
    at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)
    link: str | None = None

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"The time of an alert needs a time zone, and {self.at.isoformat()} has none.")

    @property
    def key(self) -> tuple[str, str]:
        """Its kind and cause: what makes two alerts the same."""
        return self.kind, self.tags.get("cause", "")

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values, title and text cut to what messengers take."""
        return {
            "at": self.at.isoformat(timespec="seconds"),
            "kind": self.kind,
            "severity": str(self.severity),
            "title": cut(self.title, TITLE_CHARACTERS),
            "text": cut(self.text, TEXT_CHARACTERS),
            "tags": dict(self.tags),
            "link": self.link,
        }


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of an alert at a sink, and why where it did not arrive."""

    sink: str
    outcome: Outcome
    reason: str | None = None


def cut(text: str, characters: int) -> str:
    """Return a text that is no longer than that, with a mark where its end is missing."""
    return text if len(text) <= characters else text[: characters - 1] + "…"
