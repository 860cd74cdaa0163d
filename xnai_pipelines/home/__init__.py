"""The folder that holds all state: its layout, whose documents it belongs to, and who may write to it."""

from xnai_pipelines.home.claim import HomeError, Inputs, claim, recorded_inputs, resolve_inputs
from xnai_pipelines.home.layout import Home, parquet_bytes, write_bytes, write_json, write_parquet
from xnai_pipelines.home.liveness import is_alive, shown_alive, was_shown_alive
from xnai_pipelines.home.writer import held, sole_writer

__all__ = [
    "Home",
    "HomeError",
    "Inputs",
    "claim",
    "held",
    "is_alive",
    "parquet_bytes",
    "recorded_inputs",
    "resolve_inputs",
    "shown_alive",
    "sole_writer",
    "was_shown_alive",
    "write_bytes",
    "write_json",
    "write_parquet",
]
