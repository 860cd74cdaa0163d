"""Dagster resources over the home's stores, the encoder and MLflow."""

from xnai_pipelines.defs.resources.alerts import AlertsResource
from xnai_pipelines.defs.resources.configured import configured
from xnai_pipelines.defs.resources.encoder import ChunkingResource, EncoderResource
from xnai_pipelines.defs.resources.runs import HOME_TAG, end_dead_runs, is_of
from xnai_pipelines.defs.resources.source import SourceResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.defs.resources.tracking import TrackingResource

__all__ = [
    "HOME_TAG",
    "AlertsResource",
    "ChunkingResource",
    "EncoderResource",
    "SourceResource",
    "StoresResource",
    "TrackingResource",
    "configured",
    "end_dead_runs",
    "is_of",
]
