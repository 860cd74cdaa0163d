"""Parsers: the bytes of one file to normalised text with its structure, one module per format."""
