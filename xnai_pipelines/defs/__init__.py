"""The Dagster face: one file per product; `knowledge_base` puts them together.

Settings go in; assets, checks, jobs, schedules and sensors come out. Read `knowledge_base.py` first, then `base.py`,
what all are built from. An asset calls the `make` of its domain and shows the report (`metadata.py`);
`resources.py` opens the stores; `jobs.py` and `schedules.py` start the assets.
"""
