"""The `xnai` command."""

from xnai_pipelines.cli import answers, automation, demo, language_models, models, pipeline
from xnai_pipelines.cli.app import app, main

__all__ = ["answers", "app", "automation", "demo", "language_models", "main", "models", "pipeline"]
