"""Where parallel work runs."""

import os

from pydantic import BaseModel, Field

from xnai_pipelines.compute.engine import EngineName


class ComputeSettings(BaseModel):
    """Where parallel work runs."""

    compute: EngineName = Field(
        default=EngineName.HERE,
        description="Where documents are cut, and passages read for the graph and encoded: here (threads of the run), "
        "processes, or ray (extra `ray`).",
    )
    compute_workers: int = Field(
        default=os.cpu_count() or 1,
        ge=1,
        le=1024,
        description="Worker processes on this machine. A Ray cluster has as many workers as processors.",
    )
    ray_address: str | None = Field(
        default=None, description="Address of a running Ray cluster. Unset: a local one, started for the run."
    )
