"""An adapter merged into its base: a sentence-transformers folder like the base's, with other weights."""

import json
import shutil
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from xnai_pipelines.adapters.adapter import Adapter, load_adapter
from xnai_pipelines.adapters.applying import open_adapted
from xnai_pipelines.adapters.config import Task
from xnai_pipelines.adapters.encoder_objective import TextNetwork, open_text_tokenizer
from xnai_pipelines.adapters.network import open_network, put_on
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.specification import EncoderSpec, read_specification
from xnai_pipelines.errors import AdaptationError
from xnai_pipelines.models.folder_card import SAMPLES
from xnai_pipelines.state.artefacts import publish_artefact, read_card

_TOLERANCE = 1e-5  # of a component of a unit vector
# configurations and tokenizers: all files that are read from a model folder except its weights
_COPIED = (".json", ".txt", ".model")
_COPIED_LIMIT = 256 << 20  # bytes per file


@dataclass(frozen=True, slots=True)
class MergedEncoder:
    """A merged encoder: its sentence-transformers folder, and the spec to build from.

    `spec` is the result of `merged_encoder`. `largest_difference` is the max difference in any component between
    merged and adapter-applied vectors.
    """

    folder: Path
    spec: EncoderSpec
    largest_difference: float


def merged_encoder(merged_root: Path, adapter: str) -> EncoderSpec | None:
    """Return the full-precision encoder that an adapter was merged into, by its id; None if there is none.

    A model in its own right: its vector space comes from the merged weights and names the adapter.
    """
    folder = merged_root / adapter
    return replace(read_specification(folder, Runtime.FP32), adapter=adapter) if folder.is_dir() else None


def merge_adapter(adapter: Adapter, base: EncoderSpec, merged_root: Path) -> MergedEncoder:
    """Return merged_root/<adapter_id>, merged first if it is missing or damaged.

    Raises:
        AdaptationError: The adapter is damaged or of another base, or vectors of the merged model differ by more than
            1e-5 from those with the adapter applied.
    """
    load_adapter(adapter.folder, base)
    folder = publish_artefact(merged_root / adapter.adapter_id, lambda empty: _fill(empty, adapter, base))
    spec = merged_encoder(merged_root, adapter.adapter_id)
    assert spec is not None  # noqa: S101  (published above)
    return MergedEncoder(folder, spec, float(read_card(folder)["largest_difference"]))


def _fill(empty: Path, adapter: Adapter, base: EncoderSpec) -> dict[str, Any]:
    from safetensors.torch import save_file

    transformer = _copy_layout(base.source, empty)
    network = put_on(open_network(base.source, Task.ENCODER), [(adapter.adapter_id, adapter.folder)])
    merged = network.merge_and_unload(safe_merge=True)
    save_file(
        {name: value.detach().contiguous() for name, value in merged.state_dict().items()},
        transformer / "model.safetensors",
        metadata={"format": "pt"},
    )
    difference = _difference(adapter, base, read_specification(empty, base.variant))
    if not difference <= _TOLERANCE:
        raise AdaptationError(
            f"Vectors of the merged model differ by {difference:.2g} from those with the adapter {adapter.adapter_id} "
            f"applied; {_TOLERANCE:g} is allowed. The adapter's weights are too large to be merged in float32. Train "
            "with a lower learning_rate or alpha."
        )
    return {
        "base": {"name": adapter.base_name, "sha256": adapter.base_sha256},
        "adapter": adapter.adapter_id,
        "largest_difference": difference,
        "libraries": {name: version(name) for name in ("torch", "peft", "transformers")},
    }


def _copy_layout(source: Path, empty: Path) -> Path:
    """Copy configurations and tokenizer in the base's layout and return the transformer's folder."""
    root = _root(source)
    folders = [root]
    if (root / "modules.json").is_file():
        modules = json.loads((root / "modules.json").read_text(encoding="utf-8"))
        folders = list(dict.fromkeys([root, *(root / module["path"] for module in modules)]))
    for folder in folders:
        inside = folder.resolve().relative_to(root.resolve())
        if folder.is_dir():
            (empty / inside).mkdir(exist_ok=True)
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            # an index of several weight files is no longer true: there is one file
            wanted = path.suffix in _COPIED and not path.name.endswith(".index.json") and path.name != "card.json"
            if path.is_file() and wanted and path.stat().st_size <= _COPIED_LIMIT:
                shutil.copyfile(path, empty / inside / path.name)
    return empty / source.resolve().relative_to(root.resolve())


def _root(source: Path) -> Path:
    """Return the sentence-transformers folder that contains the transformer, or its own folder."""
    for folder in (source, source.parent):
        if (folder / "modules.json").is_file():
            modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
            if any((folder / module["path"]).resolve() == source.resolve() for module in modules):
                return folder
    return source


def _difference(adapter: Adapter, base: EncoderSpec, merged: EncoderSpec) -> float:
    import torch

    applied = open_adapted(base, [adapter]).encode_passages(SAMPLES, adapter.adapter_id)
    tokenizer = open_text_tokenizer(merged)
    network = TextNetwork(open_network(merged.source, Task.ENCODER), pooling=merged.pooling)
    ids = [tokenizer.encode(merged.passage_prefix + text, merged.max_length) for text in SAMPLES]
    with torch.inference_mode():
        found = network.encode(ids).numpy()
    return float(np.abs(found - applied).max())
