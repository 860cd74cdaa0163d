"""Releases: which embeddings table and encoder answer a search."""

from xnai_pipelines.releases.manifest import Release, ReleaseError, Releases, embeddings_table_name, now

__all__ = ["Release", "ReleaseError", "Releases", "embeddings_table_name", "now"]
