"""Dagster pipelines from an organisation's own documents to a searchable, measured retrieval index."""

import os

# ONNX Runtime reports to its maker from its import on, unless told before: here, ahead of whatever imports it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
