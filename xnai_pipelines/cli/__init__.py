"""The `xnai` command."""

from xnai_pipelines.cli import automation, demo, language_models, models, pipeline, service
from xnai_pipelines.cli.app import app, main

__all__ = ["app", "automation", "demo", "language_models", "main", "models", "pipeline", "service"]
