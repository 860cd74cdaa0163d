"""Drift: what changed since the release in documents, questions, index and model, and the likely cause."""
