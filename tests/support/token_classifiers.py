"""Token classifiers small enough to write within a test: a network that knows a few words, and a real tokenizer."""

import json
import string
from pathlib import Path

import numpy as np

LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"]
WORDS = {"ann": "B-PER", "lee": "I-PER", "oslo": "B-LOC", "acme": "B-ORG", "corp": "I-ORG", "quartz": "B-PER"}
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *string.ascii_lowercase]
VOCABULARY = [*PIECES, *(f"##{letter}" for letter in string.ascii_lowercase), *WORDS]


def write_token_classifier(folder: Path, *, positions: int = 512, int8: bool = False) -> Path:
    """Write a classifier that labels `WORDS`, and nothing else, in windows of `positions` tokens; return its folder."""
    folder.mkdir(parents=True)
    config = {"id2label": {str(at): label for at, label in enumerate(LABELS)}, "max_position_embeddings": positions}
    (folder / "config.json").write_text(json.dumps(config))
    _write_tokenizer(folder / "tokenizer.json")
    _write_network(folder / "model.onnx", int8=int8)
    return folder


def _write_tokenizer(path: Path) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    ids = {piece: at for at, piece in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    tokenizer.save(str(path))


def _write_network(path: Path, *, int8: bool) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    size = len(VOCABULARY)
    weights = np.zeros((size, len(LABELS)), dtype=np.float32)
    for at, piece in enumerate(VOCABULARY):
        weights[at, LABELS.index(WORDS.get(piece, "O"))] = 5.0
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["pieces", "input_ids"], ["hidden"]),
            helper.make_node("MatMul", ["hidden", "weights"], ["logits"]),
        ],
        "classifier",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, "tokens", len(LABELS)])],
        [
            numpy_helper.from_array(np.eye(size, dtype=np.float32), "pieces"),
            numpy_helper.from_array(weights, "weights"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    if int8:
        from onnxruntime.quantization import QuantType, quantize_dynamic

        quantize_dynamic(path, path, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"])
