"""A quantized model as an ONNX graph, which is stored without weights and filled with the weights of the codes."""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.stored.channels import quick_channels
from xnai_pipelines.encoders.stored.kernels import Tied, use_dequantize_linear, use_matmul_nbits
from xnai_pipelines.encoders.stored.tensor import QuantizedModel, QuantizedTensor, Weights
from xnai_pipelines.errors import GraphError

if TYPE_CHECKING:
    import onnx

_LARGE = 1024  # a tensor of this many elements is a weight, and cannot stay in the graph
_SMALL = 16  # a tensor of fewer elements is a constant of the graph unless it has a weight's name
_SKELETON_LIMIT = 64 * 2**20  # bytes, unpacked: a graph of 10,000 nodes takes 3 MB
_PROTOBUF_LIMIT = 2**31 - 1
_WEIGHT = "weight"  # key of a removed tensor's name in the state dict; several names if it replaces equal tensors
_TRANSPOSED = "transposed"


def write_skeleton(float_graph: Path, weights: Mapping[str, NDArray[np.float32]], destination: Path) -> int:
    """Write a graph without its weights, each tied to its name in `weights`; return the bytes written.

    A tensor is found by name, else by content, also transposed: exporters rename the transposed weights of linear
    layers. The file is an ONNX model compressed with zstd (MiniLM: 6 kB of 86 kB).

    Raises:
        GraphError: A tensor of 1,024 or more numbers is not in `weights`.
    """
    import onnx

    model = onnx.load(float_graph)
    by_content = _ByContent(weights)
    renamed: dict[str, str] = {}
    taken = {tensor.name for tensor in model.graph.initializer}
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT:
            continue
        values = onnx.numpy_helper.to_array(tensor)
        names, transposed = by_content.find(tensor.name, values)
        if names:
            # linear weights that the exporter numbered get their names, unless another tensor has that name
            name = tensor.name if names[0] in taken else names[0]
            taken.add(name)
            renamed[tensor.name] = name
            _take_out(tensor, name, names, transposed=transposed)
        elif values.size >= _LARGE:
            raise _unknown(tensor.name, values, float_graph)
    del model.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""  # the exporter's call stack
        node.ClearField("metadata_props")
        for index, name in enumerate(node.input):
            node.input[index] = renamed.get(name, name)
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR and _is_large_float(attribute.t):
                raise _unknown(node.name, onnx.numpy_helper.to_array(attribute.t), float_graph)
    with pa.CompressedOutputStream(str(destination), "zstd") as stream:
        stream.write(_sealed(model.SerializeToString()))
    return destination.stat().st_size


def to_onnx(
    model: QuantizedModel, skeleton: Path, destination: Path, runtime: Runtime, *, reduce_range: bool = False
) -> tuple[str, ...]:
    """Write a graph that ONNX Runtime runs; return notes for its user, one sentence each.

    `reduce_range` keeps 7 bits of INT8 weights, for processors whose 8-bit sums saturate. For the runtimes `nbits` and
    `qdq` codes are copied, never quantized again; a layer without a suitable kernel is float32, with a note.

    Raises:
        GraphError: The skeleton is damaged, was made from another model, or the float32 graph is over 2 GB.
    """
    import onnx

    graph = _read_skeleton(skeleton)
    tied = _tie(graph, {tensor.name: tensor for tensor in model.tensors}, skeleton)
    notes: tuple[str, ...] = ()
    if runtime is Runtime.NBITS:
        notes = use_matmul_nbits(graph, tied)
    elif runtime is Runtime.QDQ:
        notes = use_dequantize_linear(graph, tied)
    _fill(graph, tied)
    if runtime is not Runtime.INT8_DYNAMIC:
        onnx.save(graph, destination)
        return notes
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".float-") as workplace:
        onnx.save(graph, Path(workplace) / "model.onnx")
        del graph
        quantize_dynamic_int8(Path(workplace) / "model.onnx", destination, reduce_range=reduce_range)
    return notes


def quantize_dynamic_int8(float_graph: Path, destination: Path, *, reduce_range: bool) -> None:
    """Write a graph with INT8 weights per channel, whose activations are quantized at run time (MiniLM: 2 s)."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".prepared-") as workplace:
        prepared = Path(workplace) / "prepared.onnx"
        # Shapes are inferred without the weights, which lie in a file of their own: 300 MB less memory for MiniLM.
        quant_pre_process(
            float_graph,
            prepared,
            skip_optimization=True,
            skip_symbolic_shape=True,
            save_as_external_data=True,
            external_data_location="weights",
        )
        with quick_channels():
            quantize_dynamic(
                prepared, destination, per_channel=True, reduce_range=reduce_range, weight_type=QuantType.QInt8
            )


class _ByContent:
    """Finds the names of weights by their numbers, as they are and transposed."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self._weights = weights
        self._plain: dict[str, list[str]] = {}
        self._transposed: dict[str, list[str]] = {}
        for name, values in weights.items():
            self._plain.setdefault(_hash(values), []).append(name)
            if values.ndim == 2:
                self._transposed.setdefault(_hash(values.T), []).append(name)

    def find(self, name: str, values: NDArray[np.float32]) -> tuple[list[str], bool]:
        """Return all names of the tensor, its own first, and whether it is transposed; no names if it is unknown."""
        if values.size < _SMALL and name not in self._weights:
            return [], False
        content = _hash(values)
        names, transposed = self._plain.get(content, []), False
        if not names:
            names, transposed = self._transposed.get(content, []), True
        return sorted(names, key=lambda each: each != name), transposed


def _hash(values: NDArray[np.float32]) -> str:
    content = np.ascontiguousarray(values, dtype=np.float32)
    return f"{values.shape}{hashlib.sha256(content.data).hexdigest()}"


def _take_out(tensor: "onnx.TensorProto", name: str, weights: list[str], *, transposed: bool) -> None:
    dims = list(tensor.dims)
    data_type = tensor.data_type
    tensor.Clear()
    tensor.name, tensor.data_type = name, data_type
    tensor.dims.extend(dims)
    for weight in weights:
        tensor.metadata_props.add(key=_WEIGHT, value=weight)
    if transposed:
        tensor.metadata_props.add(key=_TRANSPOSED, value="1")


def _is_large_float(tensor: "onnx.TensorProto") -> bool:
    import onnx

    return tensor.data_type == onnx.TensorProto.FLOAT and int(np.prod(tensor.dims)) >= _LARGE


def _unknown(name: str, values: NDArray[np.float32], float_graph: Path) -> GraphError:
    return GraphError(
        f"{float_graph} has a tensor {name} of shape {list(values.shape)} that is not one of the model's weights, even "
        "transposed. Export the graph in float32 from exactly these weights, without further optimisation."
    )


def _sealed(content: bytes) -> bytes:
    """Return a serialized model with its SHA-256 appended: still a model, with one more entry of metadata."""
    import onnx

    seal = onnx.ModelProto()
    seal.metadata_props.add(key="sha256", value=hashlib.sha256(content).hexdigest())
    return content + bytes(seal.SerializeToString())


def _read_skeleton(path: Path) -> "onnx.ModelProto":
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        with pa.input_stream(str(path), compression="zstd") as stream:
            content = stream.read(_SKELETON_LIMIT + 1)
        if len(content) > _SKELETON_LIMIT:
            raise GraphError(f"{path} unpacks to more than {_SKELETON_LIMIT} bytes, too many without weights.")
        if content != _sealed(content[: -len(_sealed(b""))]):
            raise DecodeError("its SHA-256 is not the recorded one")
        model: onnx.ModelProto = onnx.load_model_from_string(content)
        del model.metadata_props[:]
    except (OSError, DecodeError) as error:
        raise GraphError(f"{path} is damaged ({error}). Copy or build the model's folder again.") from error
    return model


def _tie(model: "onnx.ModelProto", tensors: Mapping[str, QuantizedTensor], skeleton: Path) -> dict[str, Tied]:
    """Return the tensors that replace each removed one, by its name in the graph."""
    tied = {}
    for tensor in model.graph.initializer:
        if tensor.external_data:
            raise GraphError(f"{skeleton} refers to another file for {tensor.name}; such graphs are not opened.")
        names = [entry.value for entry in tensor.metadata_props if entry.key == _WEIGHT]
        # the second name of a tied weight is not shipped
        known = [name for name in names if name in tensors]
        if not names:
            continue
        if not known:
            raise GraphError(
                f"{skeleton} needs the weight {names[0]}, which the quantized model does not have. Both must come "
                "from the same model."
            )
        first = tensors[known[0]]
        transposed = any(entry.key == _TRANSPOSED for entry in tensor.metadata_props)
        shape = tuple(tensor.dims)[::-1] if transposed else tuple(tensor.dims)
        if shape != first.shape:
            raise GraphError(
                f"{skeleton} has {known[0]} with shape {list(shape)}, the quantized model with {list(first.shape)}. "
                "Both must come from the same model."
            )
        for other in known[1:]:
            if not np.array_equal(first.restored(), tensors[other].restored()):
                raise GraphError(
                    f"{known[0]} and {other} are one tensor in the graph {skeleton}, because they were equal, but "
                    "their quantized weights differ. Export them separately."
                )
        tied[tensor.name] = Tied(first, transposed)
    return tied


def _fill(model: "onnx.ModelProto", tied: Mapping[str, Tied]) -> None:
    """Fill every tensor that is still empty with its restored weights."""
    size = 0
    for tensor, weights in _filled(model, tied):
        size += weights.nbytes
        if size > _PROTOBUF_LIMIT:
            raise GraphError(
                f"The weights up to {tensor.name} take more than 2 GB, the limit of an ONNX file. Use the runtime "
                f"{Runtime.NBITS}."
            )
        tensor.raw_data = np.ascontiguousarray(weights, dtype="<f4").tobytes()
        tensor.ClearField("metadata_props")


def _filled(model: "onnx.ModelProto", tied: Mapping[str, Tied]) -> Iterator[tuple[Any, Weights]]:
    for tensor in model.graph.initializer:
        if tensor.name in tied:
            restored = tied[tensor.name].tensor.restored()
            yield tensor, restored.T if tied[tensor.name].transposed else restored
