"""Few bits stored, INT8 served: stored weights are expanded to the executable graph once, on their first load."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from xnai_pipelines.encoders.runtime import Runtime, int8_sums_saturate
from xnai_pipelines.encoders.specification import GRAPH_FILE, MODEL_FILE, WEIGHTS_FILE, read_encoder_file
from xnai_pipelines.encoders.stored.file import load
from xnai_pipelines.encoders.stored.graph import to_onnx
from xnai_pipelines.errors import DamagedArtefactError, GraphError, QuantizedFileError
from xnai_pipelines.state.artefacts import CARD, file_sha256, publish_artefact, read_card

EXPANDED = "expanded"  # folder beside those it is made from; may be deleted at any time


def expanded(folder: Path) -> Path:
    """Return the folder whose model.onnx is run: `folder` itself, or the one its weights were expanded to.

    The latter is in expanded/ beside `folder`. It is built if it is missing, damaged or of other weights (MiniLM: 6 s
    for INT8, 1 s for float32), by one process while others wait, with onnx and onnxruntime alone.

    Raises:
        DamagedArtefactError: `folder` does not match its card, or its weights and graph cannot be read.
    """
    if (folder / MODEL_FILE).is_file():
        return folder
    card = read_card(folder)
    if WEIGHTS_FILE not in card["files"] or GRAPH_FILE not in card["files"]:
        raise DamagedArtefactError(
            f"The model folder {folder} has neither {MODEL_FILE} nor {WEIGHTS_FILE} with {GRAPH_FILE}. Delete it; the "
            "next run builds it again."
        )
    return expand(folder, expanded_folder(folder.parent, read_encoder_file(folder).vector_space), Runtime.of_card(card))


def expanded_folder(models_root: Path, vector_space: str) -> Path:
    """Return the folder that an encoder's stored weights are expanded to."""
    return models_root / EXPANDED / vector_space


def expand(folder: Path, target: Path, runtime: Runtime) -> Path:
    """Return `target`, filled with the graph of the weights in `folder` unless it already has it.

    Raises:
        DamagedArtefactError: Weights or graph cannot be read.
    """
    made_from = {name: file_sha256(folder / name) for name in (WEIGHTS_FILE, GRAPH_FILE)}
    if _made_from(target) != made_from:
        (target / CARD).unlink(missing_ok=True)  # a folder without a card is filled again
    return publish_artefact(target, lambda empty: _fill(folder, empty, runtime, made_from))


def _fill(folder: Path, empty: Path, runtime: Runtime, made_from: dict[str, str]) -> dict[str, Any]:
    reduce_range = runtime is Runtime.INT8_DYNAMIC and int8_sums_saturate()
    try:
        model = load(folder / WEIGHTS_FILE)
        to_onnx(model, folder / GRAPH_FILE, empty / MODEL_FILE, runtime, reduce_range=reduce_range)
    except (QuantizedFileError, GraphError) as error:
        raise DamagedArtefactError(f"{error} Delete the folder {folder}; the next run builds it again.") from error
    return {
        "made_from": made_from,
        "runtime": runtime,
        "reduce_range": reduce_range,
        "libraries": {name: version(name) for name in ("onnx", "onnxruntime", "numpy")},
    }


def _made_from(target: Path) -> Any:
    try:
        return json.loads((target / CARD).read_text(encoding="utf-8"))["made_from"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
