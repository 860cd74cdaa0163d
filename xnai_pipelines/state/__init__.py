"""What a home keeps: layout, locks, tables, schemas, artefacts, release manifests, and the MLflow store."""
