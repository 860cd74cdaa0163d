"""Dagster pipelines from an organisation's own documents to a searchable, measured retrieval index."""
