"""Write an encoder with the first layers of the default one: smaller, faster, less accurate."""

import json
import shutil
import sys
from pathlib import Path

from safetensors.numpy import load_file, save_file

from xnai_pipelines.encoders.source import default_encoder_folder


def cut(source: Path, target: Path, layers: int) -> None:
    """Copy a sentence-transformers folder of a BERT encoder, with only its first layers."""
    shutil.copytree(source, target)
    config = json.loads((target / "config.json").read_text(encoding="utf-8"))
    (target / "config.json").write_text(json.dumps({**config, "num_hidden_layers": layers}), encoding="utf-8")
    weights = load_file(target / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if _layer(name) < layers}
    save_file(kept, target / "model.safetensors", metadata={"format": "pt"})


def _layer(name: str) -> int:
    """Return the number of the layer that a tensor belongs to; -1 if it belongs to none."""
    _, _, rest = name.partition("encoder.layer.")
    return int(rest.split(".")[0]) if rest else -1


if __name__ == "__main__":
    cut(default_encoder_folder(), Path(sys.argv[1]), layers=int(sys.argv[2]))
