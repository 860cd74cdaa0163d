"""Sends an alert to the log and the webhook, unless the same alert was sent there recently.

Sending never raises, so that an alert cannot make its sender fail. An alert that did not reach the webhook is tried
again the next time it is sent. One that was in transit when the time limit ended may arrive twice.
"""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from xnai_pipelines.autonomy.alerts.alert import Alert, Delivery, DeliveryOutcome
from xnai_pipelines.autonomy.alerts.webhook import WebhookSink
from xnai_pipelines.state.json_lines import append_line

TAIL_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class LogSink:
    """The file `<home>/alerts.jsonl`: a line per alert, and per delivery whose result differs from the last."""

    path: Path

    @property
    def name(self) -> str:
        """Name of the sink in deliveries."""
        return "log"

    def append(self, record: Mapping[str, Any]) -> None:
        """Append a line to the file and sync it to disk.

        Raises:
            OSError: The file cannot be written.
        """
        text = json.dumps(record, ensure_ascii=False)
        append_line(self.path, text.encode("utf-8", "replace").decode())  # the names of files may hold other bytes

    def tail(self) -> list[dict[str, Any]]:
        """Return the records of the file's last 512 KiB, oldest first. Lines that are not JSON objects are skipped."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - TAIL_BYTES))
                lines = file.read(TAIL_BYTES).splitlines()
        except OSError:
            return []
        records = []
        for line in lines[1:] if size > TAIL_BYTES else lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                records.append(record)
        return records


QUIET = timedelta(hours=6)

_logger = logging.getLogger(__name__)
_one_at_a_time = Lock()
# Replaces the log if that cannot be written, as on a full disk. Without it, every tick would send again.
_unlogged: dict[tuple[Path, tuple[str, str], str], tuple[datetime, Delivery]] = {}


def send(alert: Alert, log: LogSink, webhook: WebhookSink | None = None) -> tuple[Delivery, ...]:
    """Return the result at each sink after sending an alert to the log, then to the webhook.

    The same alert (`Alert.key`) is delivered to the same sink once in `QUIET`.

    Args:
        alert: Alert to send.
        log: Log, which also records what was delivered.
        webhook: Webhook, None if not set.
    """
    # One at a time within a process: two sensors with the same alert send it once.
    with _one_at_a_time:
        last = _last_deliveries(alert, log)
        told = [_told(alert, log, last.get(log.name))]
        if webhook is not None:
            before = last.get(webhook.name)
            delivery = _repeated(before) or webhook.deliver(alert)
            told.append(delivery)
            if delivery.outcome in (DeliveryOutcome.DELIVERED, DeliveryOutcome.FAILED) and delivery != before:
                _note(alert, log, delivery)
    for delivery in told:
        if not delivery.arrived:
            _logger.warning("The alert %r did not reach %s: %s", alert.title, delivery.sink, delivery.reason)
    return tuple(told)


def _told(alert: Alert, log: LogSink, before: Delivery | None) -> Delivery:
    repeated = _repeated(before)
    if repeated:
        return repeated
    try:
        log.append({"alert": alert.as_json()})
    except OSError as error:
        return Delivery(log.name, DeliveryOutcome.FAILED, f"{log.path} cannot be written ({error.strerror})")
    return Delivery(log.name, DeliveryOutcome.DELIVERED)


def _repeated(before: Delivery | None) -> Delivery | None:
    if before is None or before.outcome is not DeliveryOutcome.DELIVERED:
        return None
    return Delivery(before.sink, DeliveryOutcome.REPEATED, "the same alert was delivered recently")


def _note(alert: Alert, log: LogSink, delivery: Delivery) -> None:
    """Record a delivery in the log, or in this process if the log cannot be written."""
    kind, cause = alert.key
    at = alert.at.isoformat(timespec="seconds")
    facts = {"at": at, "kind": kind, "cause": cause, "sink": delivery.sink, "outcome": str(delivery.outcome)}
    try:
        log.append({"delivery": facts | {"reason": delivery.reason}})
    except OSError:
        _unlogged[(log.path, alert.key, delivery.sink)] = (alert.at, delivery)


def _last_deliveries(alert: Alert, log: LogSink) -> dict[str, Delivery]:
    """Return the last delivery of the same alert by sink, within the quiet time before or after it."""
    found: dict[str, tuple[datetime, Delivery]] = {}
    for record in log.tail():
        try:
            if "alert" in record:
                fields, delivery = record["alert"], Delivery(log.name, DeliveryOutcome.DELIVERED)
                key = (fields["kind"], fields["tags"].get("cause", ""))
            else:
                fields = record["delivery"]
                delivery = Delivery(fields["sink"], DeliveryOutcome(fields["outcome"]), fields["reason"])
                key = (fields["kind"], fields["cause"])
            at = datetime.fromisoformat(fields["at"])
            near = abs(alert.at - at) < QUIET  # before or after: alerts come out of order, and clocks are set back
        except (KeyError, TypeError, ValueError, AttributeError):
            continue  # edited by hand
        if near and key == alert.key:
            found[delivery.sink] = (at, delivery)
    for (path, key, sink), (at, delivery) in list(_unlogged.items()):
        if abs(alert.at - at) >= QUIET:
            del _unlogged[(path, key, sink)]
        elif path == log.path and key == alert.key and (sink not in found or found[sink][0] <= at):
            found[sink] = (at, delivery)
    return {sink: delivery for sink, (_, delivery) in found.items()}
