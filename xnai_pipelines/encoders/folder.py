"""The files of an encoder's folder, and encoder.json: all that serving needs without the original model."""

import json
from pathlib import Path

from xnai_pipelines.encoders.specification import EncoderSpec
from xnai_pipelines.errors import DamagedArtefactError

MODEL_FILE = "model.onnx"  # the executable graph
WEIGHTS_FILE = "weights.arrow"  # or instead: weights of few bits
GRAPH_FILE = "graph.onnx"  # and the graph they belong in, compressed
TOKENIZER_FILE = "tokenizer.json"
ENCODER_FILE = "encoder.json"


def write_encoder_file(spec: EncoderSpec, folder: Path) -> None:
    """Write encoder.json."""
    content = {
        "vector_space": spec.vector_space,
        "precision": spec.variant,
        "recipe": spec.recipe,
        "pooling": spec.pooling,
        "query_prefix": spec.query_prefix,
        "passage_prefix": spec.passage_prefix,
        "normalise": spec.normalise,
        "max_length": spec.max_length,
        "dimension": spec.dimension,
        "weights_sha256": spec.weights_sha256,
        "adapter": spec.adapter,
    }
    (folder / ENCODER_FILE).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_encoder_file(folder: Path) -> EncoderSpec:
    """Return the specification in encoder.json; its `source` is the folder.

    Raises:
        DamagedArtefactError: The settings do not give the vector space recorded beside them.
    """
    content = json.loads((folder / ENCODER_FILE).read_text(encoding="utf-8"))
    stored = content.pop("vector_space")
    spec = EncoderSpec(source=folder, variant=content.pop("precision"), **content)
    if spec.vector_space != stored:
        raise DamagedArtefactError(
            f"{folder / ENCODER_FILE} says vector space {stored}, but its settings give "
            f"{spec.vector_space}. Delete the folder; the next run builds it again."
        )
    return spec


def shipped_bytes(folder: Path) -> int:
    """Return the size of all files an encoder needs except its tokenizer, which all variants share."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file() and path.name != TOKENIZER_FILE)
