"""The `xnai` command."""

from xnai_pipelines.cli import automation, demo, models, pipeline, releases
from xnai_pipelines.cli.app import app, main

__all__ = ["app", "automation", "demo", "main", "models", "pipeline", "releases"]
