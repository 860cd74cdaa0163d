"""Degradation: what changed, whether accuracy fell, and what is done about it."""
