"""The `xnai` command: what a person types goes in, and sentences, tables or JSON come out.

Read `app.py` first, the command itself. Every group of commands is a module, imported below; `runs.py` starts what they
run, `queries.py` reads what they show, the `show_*` modules say it in words, and `terminal.py` prints it.
"""

from xnai_pipelines.cli import (
    answers,
    automation,
    backups,
    demo,
    doctor,
    graph,
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
    "graph",
    "health",
    "language_models",
    "main",
    "models",
    "pipeline",
    "service",
    "sources",
]
