"""Embeddings: the table that search reads."""
