"""Chunks: cuts documents into passages. `text == document.text[start:end]` always. `make.py` is what a run does."""
