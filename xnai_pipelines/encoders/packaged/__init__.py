"""Encoders whose weights an installed package carries: from the package's own file to a model folder."""

MULTILINGUAL_ENCODER = "multilingual-e5-small"
