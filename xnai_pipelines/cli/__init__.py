"""The `xnai` command."""

from xnai_pipelines.cli import (
    answers,
    automation,
    backups,
    demo,
    doctor,
    health,
    language_models,
    models,
    pipeline,
    service,
    sources,
)
from xnai_pipelines.cli.app import app, main

__all__ = [
    "answers",
    "app",
    "automation",
    "backups",
    "demo",
    "doctor",
    "health",
    "language_models",
    "main",
    "models",
    "pipeline",
    "service",
    "sources",
]
