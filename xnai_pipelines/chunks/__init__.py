"""Chunks: cuts documents into passages. `text == document.text[start:end]`, always.

Read `spec.py` and `make.py` first, what a chunk is and what a run does. `chunker.py` cuts: `cutting.py` prices the
places of a text where it may be cut (`outline.py`, `boundaries.py`, `ruler.py`) and picks the cheapest; `passage.py`
makes of a chunk what encoder and keyword index read.
"""
