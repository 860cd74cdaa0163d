"""Bytes to clean text: encodings, repaired mojibake, Unicode forms, and the language.

Every parser uses it, and it knows no format. Read `decode.py` first; `normalise.py` defines what clean means.
"""
