"""Decisions: from evaluations and retraining attempts to the next action of the automation. Pure."""
