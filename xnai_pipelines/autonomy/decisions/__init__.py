"""Decisions: from evaluations and attempts to what the automation does next. Pure."""
