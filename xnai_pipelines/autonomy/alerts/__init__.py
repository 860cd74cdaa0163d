"""Alerts: messages to people, in a log and to a webhook."""
