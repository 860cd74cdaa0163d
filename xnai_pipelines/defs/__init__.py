"""The Dagster face: one file per product; `knowledge_base` puts them together."""
