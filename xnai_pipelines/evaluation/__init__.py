"""Evaluation: retrieval measured on questions, with intervals and slices. `make.py` is what a run does."""
