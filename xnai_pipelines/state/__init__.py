"""What a home keeps: layout, locks, tables, schemas, artefacts, release manifests, and the MLflow store.

Every stage reads and writes through here, and nothing here knows a stage. Read `layout.py` first, where all lies,
then `schemas.py` and `tables.py` (rows; `table_store.py`, `table_reading.py` and `table_maintenance.py` are its other
parts), `artefacts.py` and `manifest.py` (files), and `context.py`, what a stage gets.
`locks.py`, `leases.py` and `fence.py` see to one writer; `tracker.py` is the way to MLflow.
"""
