"""Alerts and their deliveries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from xnai_pipelines.wording import shortened

# Slack and Mattermost truncate or refuse longer messages, and the log stays readable.
TITLE_CHARACTERS = 200
TEXT_CHARACTERS = 4_000


class AlertSeverity(StrEnum):
    """How soon a person should look."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class DeliveryOutcome(StrEnum):
    """The result of sending an alert to one sink."""

    DELIVERED = "delivered"
    REPEATED = "repeated"  # delivered recently, so not sent again
    FAILED = "failed"
    PAUSED = "paused"  # failed several times before, so not tried


@dataclass(frozen=True, slots=True)
class Alert:
    """A message that people should read.

    Attributes:
        kind: Kind, such as "run_failure" or "retraining_given_up".
        title: Title on one line.
        text: What happened and what to do.
        severity: How soon a person should look.
        at: Time of the event, with its time zone.
        tags: Facts for machines. Alerts of the same kind and tag "cause" are the same alert.
        link: URL of a page with details.
    """

    kind: str
    title: str
    text: str
    severity: AlertSeverity
    at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)
    link: str | None = None

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"The time of an alert needs a time zone, but {self.at.isoformat()} has none.")

    @property
    def key(self) -> tuple[str, str]:
        """Kind and cause, which identify an alert."""
        return self.kind, self.tags.get("cause", "")

    def as_json(self) -> dict[str, Any]:
        """Return the alert as JSON values, with title and text truncated to what messengers accept."""
        return {
            "at": self.at.isoformat(timespec="seconds"),
            "kind": self.kind,
            "severity": str(self.severity),
            "title": shortened(self.title, TITLE_CHARACTERS),
            "text": shortened(self.text, TEXT_CHARACTERS),
            "tags": dict(self.tags),
            "link": self.link,
        }


@dataclass(frozen=True, slots=True)
class Delivery:
    """The result of sending an alert to a sink, with the reason if it did not arrive."""

    sink: str
    outcome: DeliveryOutcome
    reason: str | None = None

    @property
    def arrived(self) -> bool:
        """Whether the alert is at the sink, now or since a little earlier."""
        return self.outcome in (DeliveryOutcome.DELIVERED, DeliveryOutcome.REPEATED)
