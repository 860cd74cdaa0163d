"""Dagster resources over the home's stores, the encoder and MLflow."""

from xnai_pipelines.defs.resources.alerts import AlertsResource
from xnai_pipelines.defs.resources.configured import configured
from xnai_pipelines.defs.resources.encoder import ChunkingResource, EncoderResource
from xnai_pipelines.defs.resources.runs import end_dead_runs
from xnai_pipelines.defs.resources.source import SourceResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.defs.resources.tracking import TrackingResource

__all__ = [
    "AlertsResource",
    "ChunkingResource",
    "EncoderResource",
    "SourceResource",
    "StoresResource",
    "TrackingResource",
    "configured",
    "end_dead_runs",
]
