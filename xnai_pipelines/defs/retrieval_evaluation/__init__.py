"""Retrieval evaluation: how often search finds the right document."""
