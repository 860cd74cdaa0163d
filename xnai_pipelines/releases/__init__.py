"""Releases: challenger against champion, the gate, the decision, and the pointer that moves or moves back."""
