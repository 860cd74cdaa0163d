"""Parsers: turn the bytes of one file into normalised text with its structure, one module per format."""
