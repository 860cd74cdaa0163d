"""Telling people that a run failed or that the automation gave up: a log in the home, and a webhook."""

from xnai_pipelines.alerts.alert import Alert, Delivery, Outcome, Severity
from xnai_pipelines.alerts.log import LogSink
from xnai_pipelines.alerts.send import QUIET, send
from xnai_pipelines.alerts.webhook import WebhookError, WebhookSink

__all__ = ["QUIET", "Alert", "Delivery", "LogSink", "Outcome", "Severity", "WebhookError", "WebhookSink", "send"]
