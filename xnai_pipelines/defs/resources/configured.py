"""The resources as the settings configure them."""

from typing import Any

from xnai_pipelines.defs.resources.alerts import AlertsResource
from xnai_pipelines.defs.resources.encoder import ChunkingResource, EncoderResource
from xnai_pipelines.defs.resources.source import SourceResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.defs.resources.tracking import TrackingResource
from xnai_pipelines.settings import Settings


def configured(settings: Settings) -> dict[str, Any]:
    """Return the resources by the names under which assets ask for them."""
    home = str(settings.home)
    return {
        "stores": StoresResource(
            home=home,
            exact_search_rows=settings.exact_search_rows,
            kill_after_commits=settings.kill_after_commits,
        ),
        "source": SourceResource(
            home=home,
            documents=str(settings.documents) if settings.documents else None,
            questions=str(settings.questions) if settings.questions else None,
            exclude=list(settings.exclude),
            max_file_mb=settings.max_file_mb,
            parse_seconds=settings.parse_seconds,
            parse_memory_mb=settings.parse_memory_mb,
            vanish_share=settings.vanish_share,
            vanish_count=settings.vanish_count,
        ),
        "encoder": EncoderResource(
            home=home, encoder=settings.encoder, variant=settings.variant, threads=settings.threads
        ),
        "chunking": ChunkingResource(
            strategy=settings.chunk_strategy.value,
            size_tokens=settings.chunk_size,
            overlap_tokens=settings.chunk_overlap,
        ),
        "tracking": TrackingResource(home=home, uri=settings.mlflow_uri, ui_url=settings.mlflow_ui_url),
        "alerts": AlertsResource(home=home, ui_url=f"http://{settings.host}:{settings.dagster_port}"),
    }
