"""Two adapters compared: what they were made from, their figures, and the similarity of their weights."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.adapters.adapter import Adapter
from xnai_pipelines.adapters.network import CONFIG_FILE, WEIGHTS_FILE
from xnai_pipelines.errors import AdaptationError

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting or a metric in which two adapters differ, as text; None if one lacks it."""

    name: str
    first: str | None
    second: str | None


@dataclass(frozen=True, slots=True)
class AdapterComparison:
    """The differences, and the cosine of the two weight updates for each module that both adapt."""

    differences: tuple[Difference, ...]
    cosines: Mapping[str, float]


def compare_adapters(first: Adapter, second: Adapter) -> AdapterComparison:
    """Return how two adapters differ.

    Raises:
        AdaptationError: One is damaged.
    """
    for adapter in (first, second):
        if adapter.damage is not None:
            raise AdaptationError(adapter.damage)
    facts = [_facts(adapter) for adapter in (first, second)]
    names = [*facts[0], *(name for name in facts[1] if name not in facts[0])]
    differences = tuple(
        Difference(name, facts[0].get(name), facts[1].get(name))
        for name in names
        if facts[0].get(name) != facts[1].get(name)
    )
    deltas = [_factors(adapter.folder) for adapter in (first, second)]
    cosines = {
        name: _cosine(deltas[0][name], deltas[1][name])
        for name in sorted(deltas[0].keys() & deltas[1].keys())
        if _fit(deltas[0][name], deltas[1][name])
    }
    return AdapterComparison(differences, cosines)


def _facts(adapter: Adapter) -> dict[str, str]:
    config = asdict(adapter.config) if adapter.config else {}
    rows = {
        "task": adapter.task,
        "base": adapter.base_name,
        "base sha256": adapter.base_sha256[:12],
        "data sha256": adapter.data_sha256[:12],
        "documents": len(adapter.documents),
        "device": adapter.device,
        **{name: " ".join(value) if isinstance(value, tuple) else value for name, value in config.items()},
        **{name: f"{value:.4g}" for name, value in adapter.metrics.items()},
    }
    return {name: str(value) for name, value in rows.items()}


def _factors(folder: Path) -> dict[str, tuple[Matrix, Matrix]]:
    """Return the two factors of the weight update by module, [out, rank] and [rank, in]."""
    from safetensors.numpy import load_file

    lora = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    scale = lora["lora_alpha"] / lora["r"]
    down: dict[str, Matrix] = {}
    up: dict[str, Matrix] = {}
    for name, value in load_file(folder / WEIGHTS_FILE).items():
        module, _, part = name.removeprefix("base_model.model.").partition(".lora_")
        (down if "A" in part.split(".")[0] else up)[module] = value.astype(np.float64)
    return {module: (up[module] * scale, down[module]) for module in down if module in up}


def _fit(first: tuple[Matrix, Matrix], second: tuple[Matrix, Matrix]) -> bool:
    return bool(first[0].shape[0] == second[0].shape[0] and first[1].shape[1] == second[1].shape[1])


def _cosine(first: tuple[Matrix, Matrix], second: tuple[Matrix, Matrix]) -> float:
    norm = np.sqrt(_product(first, first) * _product(second, second))
    return float(_product(first, second) / norm) if norm > 0 else 0.0


def _product(first: tuple[Matrix, Matrix], second: tuple[Matrix, Matrix]) -> float:
    """Return the sum of products of two matrices' entries, from their factors alone."""
    return float(np.sum((first[0].T @ second[0]) * (first[1] @ second[1].T)))
