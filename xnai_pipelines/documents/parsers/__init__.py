"""Parsers: turn the bytes of one file into normalised text with its structure.

Read `parse.py` first: it detects the format (`detect.py`), picks the parser (`registry.py`), runs it here or in the
worker process (`isolation.py`, `worker.py`), and completes every document. The formats are in folders: `markup`,
`records`, `mail`, `office`, `office97` and `pdf`; `text` turns bytes into clean text for all of them.
"""
