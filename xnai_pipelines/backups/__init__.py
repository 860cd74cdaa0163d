"""Copies of a home that are taken while it works, and the proof that they can be restored."""
