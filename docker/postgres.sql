-- MLflow has a database of its own: its tables and Dagster's share a name, alembic_version.
CREATE DATABASE mlflow OWNER dagster;
