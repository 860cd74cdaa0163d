"""Alerts: what people are told of, to a log and a webhook."""
