"""The ONNX graph of a BERT encoder, built from its config.json and safetensors without torch.

Nodes and weights have the names that PyTorch's exporter derives from the modules; reports name layers by them.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.errors import UnsupportedEncoderError
from xnai_pipelines.state.artefacts import weights_files

if TYPE_CHECKING:
    import onnx

OPSET = 17  # the first with LayerNormalization as one operator
_IR_VERSION = 8  # of that opset
_ACTIVATIONS = ("gelu", "gelu_new", "gelu_pytorch_tanh", "relu")
_OLD_NAMES = (("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias"))
_MASKED = float(np.finfo(np.float32).min)


def is_bert(transformer: Path) -> bool:
    """Return whether `write_bert` supports the architecture in this folder: BERT with absolute positions.

    MiniLM, BGE, GTE and the small E5 have it.
    """
    config = _read_config(transformer)
    return (
        config.get("model_type") == "bert"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and config.get("hidden_act", "gelu") in _ACTIVATIONS
        and not config.get("is_decoder", False)
    )


def write_bert(transformer: Path, destination: Path, *, scores: bool = False) -> None:
    """Write the float32 graph of a BERT encoder (MiniLM: 0.5 s), or of a cross-encoder.

    Its inputs are `input_ids`, `attention_mask` and `token_type_ids`, int64 [batch_size, sequence_length]; its output
    is `last_hidden_state`, float32 [batch_size, sequence_length, hidden size], without the pooler. That of a
    cross-encoder is `logits`, float32 [batch_size, 1].

    Args:
        transformer: Folder of config.json and model.safetensors, or its shards.
        destination: File to write.
        scores: Whether the model is a cross-encoder: a sequence classifier with one label.

    Raises:
        UnsupportedEncoderError: The weights lack a tensor of the architecture, or one has another shape.
    """
    import onnx

    sizes = _Sizes.read(_read_config(transformer))
    shapes = {**sizes.shapes(), **(sizes.head_shapes() if scores else {})}
    graph = _Graph(_fitting(_read_weights(transformer), shapes, transformer))
    hidden = _add_encoder(graph, sizes)
    if scores:
        _add_head(graph, hidden)
        model = graph.model("logits", ["batch_size", 1])
    else:
        model = graph.model("last_hidden_state", ["batch_size", "sequence_length", sizes.hidden])
    onnx.save(model, destination)


@dataclass(frozen=True, slots=True)
class _Sizes:
    """The architecture's sizes in config.json, with the defaults of transformers."""

    vocabulary: int
    positions: int
    types: int
    layers: int
    heads: int
    hidden: int
    intermediate: int
    activation: str
    epsilon: float

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> "_Sizes":
        return cls(
            vocabulary=int(config.get("vocab_size", 30_522)),
            positions=int(config.get("max_position_embeddings", 512)),
            types=int(config.get("type_vocab_size", 2)),
            layers=int(config.get("num_hidden_layers", 12)),
            heads=int(config.get("num_attention_heads", 12)),
            hidden=int(config.get("hidden_size", 768)),
            intermediate=int(config.get("intermediate_size", 3072)),
            activation=str(config.get("hidden_act", "gelu")),
            epsilon=float(config.get("layer_norm_eps", 1e-12)),
        )

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every tensor by its name in BertModel, without the pooler."""
        wide, narrow = self.intermediate, self.hidden
        shapes: dict[str, tuple[int, ...]] = {
            "embeddings.word_embeddings.weight": (self.vocabulary, narrow),
            "embeddings.position_embeddings.weight": (self.positions, narrow),
            "embeddings.token_type_embeddings.weight": (self.types, narrow),
        }
        norms = ["embeddings.LayerNorm"]
        for layer in (f"encoder.layer.{index}" for index in range(self.layers)):
            for name, (rows, columns) in {
                "attention.self.query": (narrow, narrow),
                "attention.self.key": (narrow, narrow),
                "attention.self.value": (narrow, narrow),
                "attention.output.dense": (narrow, narrow),
                "intermediate.dense": (wide, narrow),
                "output.dense": (narrow, wide),
            }.items():
                shapes[f"{layer}.{name}.weight"] = (rows, columns)
                shapes[f"{layer}.{name}.bias"] = (rows,)
            norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
        shapes.update({f"{norm}.{part}": (narrow,) for norm in norms for part in ("weight", "bias")})
        return shapes

    def head_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every tensor of a classifier's head with one label."""
        return {
            "pooler.dense.weight": (self.hidden, self.hidden),
            "pooler.dense.bias": (self.hidden,),
            "classifier.weight": (1, self.hidden),
            "classifier.bias": (1,),
        }


def _read_config(transformer: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((transformer / "config.json").read_text(encoding="utf-8"))
    return config


def _read_weights(transformer: Path) -> dict[str, NDArray[Any]]:
    """Return the tensors under the names of BertModel, whichever model of the family saved them."""
    from safetensors.numpy import load_file

    weights = {}
    for file in weights_files(transformer):
        for stored, values in load_file(file).items():
            name = stored.removeprefix("bert.")
            for old, new in _OLD_NAMES:
                name = name.replace(old, new)
            weights[name] = values
    return weights


def _fitting(
    weights: Mapping[str, NDArray[Any]], shapes: Mapping[str, tuple[int, ...]], transformer: Path
) -> dict[str, NDArray[np.float32]]:
    """Return the tensors of the architecture in float32.

    Raises:
        UnsupportedEncoderError: A tensor is missing or has another shape.
    """
    missing = [name for name in shapes if name not in weights]
    if missing:
        raise UnsupportedEncoderError(
            f"The weights in {transformer} lack {len(missing)} tensors of the architecture, {missing[0]} "
            "first; its results would be random."
        )
    for name, shape in shapes.items():
        if weights[name].shape != shape:
            raise UnsupportedEncoderError(
                f"The weights in {transformer} have {name} with shape {list(weights[name].shape)}, its config.json "
                f"with {list(shape)}. Both must come from the same model."
            )
    return {name: np.asarray(weights[name], dtype=np.float32) for name in shapes}


class _Graph:
    """An ONNX graph built node by node; every method returns the name of its node's output."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._tensors: dict[str, onnx.TensorProto] = {}

    def node(self, operator: str, module: str, inputs: list[str], **attributes: Any) -> str:
        """Add a node of a module, such as "encoder.layer.0.output.dense"; repeated operators are numbered."""
        from onnx import helper

        name = f"/{module.replace('.', '/').replace('/layer/', '/layer.')}/{operator}"
        known = sum(node.op_type == operator and node.name.startswith(name) for node in self._nodes)
        name += f"_{known}" if known else ""
        output = f"{name}_output_0"
        self._nodes.append(helper.make_node(operator, inputs, [output], name, **attributes))
        return output

    def constant(self, name: str, value: Any, dtype: type[np.generic] = np.float32) -> str:
        """Add a constant, once."""
        return self._tensor(name, np.array(value, dtype=dtype))

    def weight(self, name: str) -> str:
        """Add a weight as the model stores it."""
        return self._tensor(name, self._weights[name])

    def linear(self, module: str, values: str) -> str:
        """Add a linear layer."""
        transposed = self._tensor(f"{module}.weight", self._weights[f"{module}.weight"].T)
        product = self.node("MatMul", module, [values, transposed])
        return self.node("Add", module, [self.weight(f"{module}.bias"), product])

    def norm(self, module: str, values: str, epsilon: float) -> str:
        """Add a layer normalization."""
        parts = [self.weight(f"{module}.{part}") for part in ("weight", "bias")]
        return self.node("LayerNormalization", module, [values, *parts], axis=-1, epsilon=epsilon)

    def model(self, name: str, shape: Sequence[str | int]) -> "onnx.ModelProto":
        """Return the model whose output, under this name and with this shape, is that of the last node."""
        from onnx import TensorProto, helper

        batch = ["batch_size", "sequence_length"]
        self._nodes[-1].output[0] = name
        names = ("input_ids", "attention_mask", "token_type_ids")
        inputs = [helper.make_tensor_value_info(one, TensorProto.INT64, batch) for one in names]
        output = helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
        graph = helper.make_graph(self._nodes, "bert", inputs, [output], list(self._tensors.values()))
        return helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=_IR_VERSION,
            producer_name="xnai_pipelines",
        )

    def _tensor(self, name: str, values: NDArray[Any]) -> str:
        from onnx import numpy_helper

        if name not in self._tensors:
            self._tensors[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name


def _add_encoder(graph: _Graph, sizes: _Sizes) -> str:
    hidden = _add_embeddings(graph, sizes)
    mask = _add_mask(graph)
    for index in range(sizes.layers):
        layer = f"encoder.layer.{index}"
        attended = _add_attention(graph, f"{layer}.attention", hidden=hidden, mask=mask, sizes=sizes)
        wide = graph.linear(f"{layer}.intermediate.dense", attended)
        active = _add_activation(graph, f"{layer}.intermediate.intermediate_act_fn", wide, sizes.activation)
        narrow = graph.linear(f"{layer}.output.dense", active)
        hidden = graph.node("Add", f"{layer}.output", [narrow, attended])
        hidden = graph.norm(f"{layer}.output.LayerNorm", hidden, sizes.epsilon)
    return hidden


def _add_head(graph: _Graph, hidden: str) -> str:
    """Add the score of each text: a linear layer over the pooled first token."""
    first = graph.node("Gather", "pooler", [hidden, graph.constant("pooler.first", 0, np.int64)], axis=1)
    pooled = graph.node("Tanh", "pooler", [graph.linear("pooler.dense", first)])
    return graph.linear("classifier", pooled)


def _add_embeddings(graph: _Graph, sizes: _Sizes) -> str:
    module = "embeddings"
    # Range would suffice, but ONNX Runtime 1.31 fuses a Gather of it into a Slice that it then refuses to run.
    every = graph.constant(f"{module}.position_ids", [range(sizes.positions)], np.int64)
    zero, one = (graph.constant(f"{module}.{number}", [number], np.int64) for number in (0, 1))
    length = graph.node("Shape", module, ["input_ids"], start=1)
    rows = {
        "word_embeddings": "input_ids",
        "token_type_embeddings": "token_type_ids",
        "position_embeddings": graph.node("Slice", module, [every, zero, length, one, one]),
    }
    words, types, positions = (
        graph.node("Gather", f"{module}.{table}", [graph.weight(f"{module}.{table}.weight"), ids])
        for table, ids in rows.items()
    )
    total = graph.node("Add", module, [graph.node("Add", module, [words, types]), positions])
    return graph.norm(f"{module}.LayerNorm", total, sizes.epsilon)


def _add_mask(graph: _Graph) -> str:
    """Add the mask of the attention scores, [batch, 1, 1, length]: 0 for a token, the lowest number for padding."""
    axes = graph.constant("mask.axes", [1, 2], np.int64)
    mask = graph.node("Cast", "mask", [graph.node("Unsqueeze", "mask", ["attention_mask", axes])], to=1)
    padding = graph.node("Sub", "mask", [graph.constant("mask.one", 1), mask])
    return graph.node("Mul", "mask", [padding, graph.constant("mask.lowest", _MASKED)])


def _add_attention(graph: _Graph, module: str, hidden: str, mask: str, sizes: _Sizes) -> str:
    inner = f"{module}.self"
    width = sizes.hidden // sizes.heads
    apart = graph.constant("heads.apart", [0, 0, sizes.heads, width], np.int64)  # 0 keeps the size of that axis
    together = graph.constant("heads.together", [0, 0, sizes.hidden], np.int64)
    scale = graph.constant("heads.scale", math.sqrt(width))

    def heads(part: str, order: list[int]) -> str:
        values = graph.linear(f"{inner}.{part}", hidden)
        return graph.node("Transpose", inner, [graph.node("Reshape", inner, [values, apart])], perm=order)

    query, key, value = heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1]), heads("value", [0, 2, 1, 3])
    scores = graph.node("Div", inner, [graph.node("MatMul", inner, [query, key]), scale])
    shares = graph.node("Softmax", inner, [graph.node("Add", inner, [scores, mask])], axis=-1)
    context = graph.node("Transpose", inner, [graph.node("MatMul", inner, [shares, value])], perm=[0, 2, 1, 3])
    context = graph.node("Reshape", inner, [context, together])
    total = graph.node("Add", f"{module}.output", [graph.linear(f"{module}.output.dense", context), hidden])
    return graph.norm(f"{module}.output.LayerNorm", total, sizes.epsilon)


def _add_activation(graph: _Graph, module: str, values: str, activation: str) -> str:
    if activation == "relu":
        return graph.node("Relu", module, [values])
    one, half = graph.constant("gelu.one", 1), graph.constant("gelu.half", 0.5)
    if activation == "gelu":
        curve = graph.node(
            "Erf", module, [graph.node("Div", module, [values, graph.constant("gelu.root", math.sqrt(2))])]
        )
    else:  # the approximation by the hyperbolic tangent
        factor, scale = graph.constant("gelu.cubic", 0.044715), graph.constant("gelu.scale", math.sqrt(2 / math.pi))
        cube = graph.node("Mul", module, [graph.node("Mul", module, [values, values]), values])
        inner = graph.node("Add", module, [values, graph.node("Mul", module, [cube, factor])])
        curve = graph.node("Tanh", module, [graph.node("Mul", module, [inner, scale])])
    share = graph.node("Mul", module, [values, graph.node("Add", module, [curve, one])])
    return graph.node("Mul", module, [share, half])
