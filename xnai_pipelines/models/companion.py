"""An encoder with another beside it, for languages that it does not know: their vectors side by side in one space.

In a language that the first encoder does not know, its cosines hardly differ between passages, so the companion's
decide. No label is needed, and nothing is trained.
"""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.source import BESIDE, resolve_encoder
from xnai_pipelines.encoders.specification import COMPANION, read_encoder_file, read_specification, write_encoder_file
from xnai_pipelines.errors import UnsupportedEncoderError
from xnai_pipelines.models.export import build_encoder
from xnai_pipelines.models.folder_card import SAMPLES
from xnai_pipelines.state.artefacts import CARD, publish_artefact, read_card


def with_companion(models: Path, folder: Path, companion: Path, weight: float | None = None) -> Path:
    """Return models/<vector_space> of an encoder with a companion, copied from both folders if it is missing.

    Args:
        models: The home's folder of models.
        folder: A built encoder.
        companion: A built encoder whose vectors follow those of the first.
        weight: The companion's share of a cosine; None: both vary equally, by `equal_spread`.

    Raises:
        UnsupportedEncoderError: One of them has a companion already.
        DamagedArtefactError: A file is missing or differs from its card.
    """
    spec, other = read_encoder_file(folder), read_encoder_file(companion)
    if spec.companion or other.companion:
        raise UnsupportedEncoderError(f"{folder.name} or {companion.name} has a companion already. There can be one.")
    if weight is None:
        weight = equal_spread(*(Encoder.load(one, threads=1) for one in (folder, companion)))
    joined = replace(
        spec,
        companion=other.vector_space,
        companion_weight=weight,
        dimension=spec.dimension + other.dimension,
    )

    def fill(empty: Path) -> dict[str, Any]:
        own, others = read_card(folder), read_card(companion)
        for source, target in ((folder, empty), (companion, empty / COMPANION)):
            shutil.copytree(source, target, dirs_exist_ok=True)
        (empty / CARD).unlink()
        write_encoder_file(joined, empty)
        return _joined_card(own, others, weight)

    return publish_artefact(models / joined.vector_space, fill)


def build_named(models: Path, name: str, released: Path) -> Path:
    """Return the folder of an encoder in dynamic INT8 by its name; "+" before it makes it the companion of `released`.

    Raises:
        XnaiError: The name stands for no encoder that can be built, or `released` has a companion already.
    """
    spec = read_specification(resolve_encoder(name.removeprefix(BESIDE), models), Runtime.INT8_DYNAMIC)
    folder = build_encoder(spec, models)
    return with_companion(models, released, folder) if name.startswith(BESIDE) else folder


def companion_like(models: Path, folder: Path, released: Path) -> Path:
    """Return an encoder with the companion that a release's encoder has, or as it is if that has none."""
    spec = read_encoder_file(released)
    if spec.companion is None:
        return folder
    return with_companion(models, folder, released / COMPANION, spec.companion_weight)


def equal_spread(encoder: Encoder, companion: Encoder) -> float:
    """Return the companion's share of a cosine at which both encoders' cosines vary equally between unlike texts."""
    own, others = (_spread(one) for one in (encoder, companion))
    return round(own / (own + others), 2)


def _spread(encoder: Encoder) -> float:
    vectors = encoder.encode_passages(SAMPLES).vectors
    return float(np.std((vectors @ vectors.T)[np.triu_indices(len(SAMPLES), 1)]))


def _joined_card(card: dict[str, Any], companion: dict[str, Any], weight: float) -> dict[str, Any]:
    """Return the encoder's card with what the companion adds; its own figures of accuracy stay."""
    metrics = dict(card["metrics"])
    for name in ("bytes", "shipped_bytes", "float_bytes"):
        metrics[name] += companion["metrics"][name]
    metrics["ratio"] = round(metrics["float_bytes"] / metrics["shipped_bytes"], 4)
    return {**card, "metrics": metrics, "companion": {"base": companion["base"], "weight": weight}}
