"""The card of an encoder's folder: what it was made from, its size, and its agreement with full precision."""

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.encoders.runtime import Runtime, cpu_flags
from xnai_pipelines.encoders.source import encoder_name
from xnai_pipelines.encoders.specification import EncoderSpec, shipped_bytes

SAMPLES = (
    "How do I split a path into folder and file name?",
    "The committee postponed its decision until the auditors have finished their report.",
    "Statins lower the risk of stroke in patients with diabetes.",
    "def add(a: int, b: int) -> int:\n    return a + b",
    "Die Lieferung verzögert sich um zwei Wochen.",
    "Перезапустите службу после изменения настроек.",
    "Invoice 2024-118: 3 units at 19.90 EUR, due in 30 days.",
    "Short.",
)


def folder_card(
    spec: EncoderSpec,
    folder: Path,
    *,
    runtime: Runtime,
    reduce_range: bool,
    float_bytes: int,
    metrics: Mapping[str, float | None],
    libraries: Iterable[str],
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the card of a filled folder.

    `runtime` is that of the executable graph. `ratio` is how many times smaller everything shipped, except the
    tokenizer, is than the float32 graph of `float_bytes`.
    """
    shipped = shipped_bytes(folder)
    return {
        "base": {"name": encoder_name(spec.source), "sha256": spec.weights_sha256},
        "adapter": spec.adapter,
        "variant": spec.variant,
        "recipe": spec.recipe,
        "runtime": runtime,
        "reduce_range": reduce_range,
        **(more or {}),
        "metrics": {
            "bytes": sum(path.stat().st_size for path in folder.iterdir()),
            "shipped_bytes": shipped,
            "float_bytes": float_bytes,
            "ratio": round(float_bytes / shipped, 4),
            **metrics,
        },
        "libraries": {name: version(name) for name in libraries},
        "cpu_flags": list(cpu_flags()),
    }


def agreement_with(built: NDArray[np.float32], exact: NDArray[np.float32], reference: str) -> dict[str, float]:
    """Return the agreement of unit vectors, float32 [texts, dimension], with those of `reference`."""
    cosine = np.sum(built * exact, axis=1)
    figures = (
        round(float(cosine.mean()), 6),
        round(float(cosine.min()), 6),
        float(f"{np.abs(built - exact).max():.3g}"),
    )
    return dict(zip(_agreement_names(reference), figures, strict=True))


def unmeasured(reference: str) -> dict[str, float | None]:
    """Return the figures of `agreement_with` if there is no `reference` to compare with: None for each."""
    return dict.fromkeys(_agreement_names(reference))


def _agreement_names(reference: str) -> tuple[str, str, str]:
    return f"cosine_to_{reference}_mean", f"cosine_to_{reference}_min", f"largest_difference_to_{reference}"
