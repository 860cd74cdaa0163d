"""Answers from a release: evidence, an answer with citations, and the proof of every sentence."""
