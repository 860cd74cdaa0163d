"""Releases: challenger against champion, the gate, the decision, and the pointer that a release or a rollback moves."""
