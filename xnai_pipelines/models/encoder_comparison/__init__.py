"""Encoders of different weights, compared on the corpus and the questions of a home.

Read `card.py` first, the figures, then `make.py`, which measures each of `candidates.py`.
"""
