"""Chunks: documents cut into passages that know their place."""
