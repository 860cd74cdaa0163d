"""Model artefacts: folders that appear whole or not at all, each described by its card."""

from xnai_pipelines.artefacts.folder import (
    CARD,
    DamagedArtefactError,
    file_sha256,
    publish_artefact,
    read_card,
    weights_files,
    weights_sha256,
)

__all__ = [
    "CARD",
    "DamagedArtefactError",
    "file_sha256",
    "publish_artefact",
    "read_card",
    "weights_files",
    "weights_sha256",
]
