"""A Dagster project with two knowledge bases."""
