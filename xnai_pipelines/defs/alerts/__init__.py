"""Alerts: people are told of runs that failed."""
