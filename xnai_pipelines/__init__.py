"""Pipelines from an organisation's own documents to a searchable, measured retrieval index, on CPUs.

The public face for Python: `open(home)` searches the current release of a home and reports its status. Errors are
`xnai_pipelines.errors`; quantizers for any transformer are `xnai_pipelines.models.quantization`; the Dagster components
are `xnai_pipelines.components`.

Read `opened.py` first to follow a question, `defs/knowledge_base.py` to follow a run.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xnai_pipelines.opened import OpenedHome

__all__ = ["open"]

# ONNX Runtime reports to its maker from its import on, unless told before: here, ahead of whatever imports it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def open(home: str | Path = ".xnai", *, threads: int | None = None) -> "OpenedHome":  # noqa: A001 - xnai_pipelines.open
    """Return the current release of a home, ready to be searched.

    Args:
        home: The folder of all state, `XNAI_HOME` of the runs that filled it.
        threads: Processor threads of the encoder; None uses all.

    Raises:
        ReleaseError: Nothing is released yet.
        DamagedArtefactError: The release's encoder cannot be read.
    """
    from xnai_pipelines.opened import OpenedHome

    return OpenedHome(home, threads)
