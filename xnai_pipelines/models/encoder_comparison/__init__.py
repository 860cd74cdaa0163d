"""Encoders of different weights, compared on the corpus and the questions of a home."""
