"""The Dagster face: one folder a data product."""
