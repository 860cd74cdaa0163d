"""A quantized model as an ONNX graph: the graph is stored without weights, and filled with what the codes stand for."""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xnai_pipelines.encoders.stored.kernels import Tied, use_dequantize_linear, use_matmul_nbits
from xnai_pipelines.encoders.stored.quantized import QuantizedModel
from xnai_pipelines.encoders.stored.tensor import QuantizedTensor, Weights
from xnai_pipelines.errors import GraphError

if TYPE_CHECKING:
    import onnx

_LARGE = 1024  # elements from which on a tensor is a weight, and cannot stay in the graph
_SMALL = 16  # elements below which a tensor is a constant of the graph unless it bears a weight's name
_SKELETON_LIMIT = 64 * 2**20  # bytes, unpacked: a graph of 10,000 nodes takes 3 MB
_PROTOBUF_LIMIT = 2**31 - 1
_WEIGHT = "weight"  # of a tensor that was taken out: the state dict's name; several where one tensor stands for equals
_TRANSPOSED = "transposed"


class GraphForm(StrEnum):
    """What the weights become in the graph that is run."""

    FLOAT = "float"  # float32: exact, as large as the full model
    INT8_DYNAMIC = "int8_dynamic"  # quantized once more to INT8 per channel, activations when they are seen: fast
    NBITS = "nbits"  # the codes themselves, in MatMulNBits and GatherBlockQuantized: exact and small
    QDQ = "qdq"  # 8-bit codes themselves, behind DequantizeLinear: exact, read by other runtimes too


def write_skeleton(float_graph: Path, weights: Mapping[str, NDArray[np.float32]], destination: Path) -> int:
    """Write a graph without its weights, each tied to its name in `weights`; return the bytes written.

    A tensor is found by name, else by content, also transposed: exporters give the transposed weights of linear layers
    names of their own. The file is an ONNX model compressed with zstd (MiniLM: 6 kB of 86 kB).

    Raises:
        GraphError: A tensor of 1,024 numbers or more is not in `weights`.
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
            # Linear weights that the exporter numbered get their names, unless another tensor of the graph has it.
            name = tensor.name if names[0] in taken else names[0]
            taken.add(name)
            renamed[tensor.name] = name
            _take_out(tensor, name, names, transposed=transposed)
        elif values.size >= _LARGE:
            raise _unknown(tensor.name, values, float_graph)
    del model.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""  # where the exporter was called from
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
    model: QuantizedModel, skeleton: Path, destination: Path, form: GraphForm, *, reduce_range: bool = False
) -> tuple[str, ...]:
    """Write a graph that ONNX Runtime runs; return what a person should know about it, one sentence each.

    `reduce_range` keeps 7 bits of INT8 weights, for processors whose 8-bit sums saturate. In the forms `nbits` and
    `qdq` codes are copied, never quantized again; a layer that no kernel takes is float32, and a note says so.

    Raises:
        GraphError: The skeleton is damaged, was made from another model, or the float32 graph is over 2 GB.
    """
    import onnx

    graph = _read_skeleton(skeleton)
    tied = _tie(graph, {tensor.name: tensor for tensor in model.tensors}, skeleton)
    notes: tuple[str, ...] = ()
    if form is GraphForm.NBITS:
        notes = use_matmul_nbits(graph, tied)
    elif form is GraphForm.QDQ:
        notes = use_dequantize_linear(graph, tied)
    _fill(graph, tied)
    if form is not GraphForm.INT8_DYNAMIC:
        onnx.save(graph, destination)
        return notes
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".float-") as workplace:
        onnx.save(graph, Path(workplace) / "model.onnx")
        del graph
        quantize_dynamic_int8(Path(workplace) / "model.onnx", destination, reduce_range=reduce_range)
    return notes


def quantize_dynamic_int8(float_graph: Path, destination: Path, *, reduce_range: bool) -> None:
    """Write a graph with INT8 weights per channel, whose activations are quantized as they are seen (MiniLM: 5 s)."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".prepared-") as workplace:
        prepared = Path(workplace) / "prepared.onnx"
        quant_pre_process(float_graph, prepared, skip_optimization=True, skip_symbolic_shape=True)
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
        """Return all names of the tensor, its own first, and whether it is transposed; no names where it is none's."""
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
        f"{float_graph} holds a tensor {name} of shape {list(values.shape)} that is none of the model's weights, also "
        "transposed: export the graph in float32 from exactly these weights and without further optimisation."
    )


def _sealed(content: bytes) -> bytes:
    """Return a serialized model with its sha256 behind it: still a model, which has one more entry of metadata."""
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
            raise GraphError(f"{path} unpacks to more than {_SKELETON_LIMIT} bytes: it is no graph without weights.")
        if content != _sealed(content[: -len(_sealed(b""))]):
            raise DecodeError("its sha256 is not the one in it")
        model: onnx.ModelProto = onnx.load_model_from_string(content)
        del model.metadata_props[:]
    except (OSError, DecodeError) as error:
        raise GraphError(f"{path} is damaged ({error}): copy or build the model's folder again.") from error
    return model


def _tie(model: "onnx.ModelProto", tensors: Mapping[str, QuantizedTensor], skeleton: Path) -> dict[str, Tied]:
    """Return what each tensor that was taken out stands for, by its name in the graph."""
    tied = {}
    for tensor in model.graph.initializer:
        if tensor.external_data:
            raise GraphError(f"{skeleton} refers to another file for {tensor.name}: such graphs are not opened.")
        names = [entry.value for entry in tensor.metadata_props if entry.key == _WEIGHT]
        # The second name of a tied weight is not shipped.
        known = [name for name in names if name in tensors]
        if not names:
            continue
        if not known:
            raise GraphError(
                f"{skeleton} needs the weight {names[0]}, which the quantized model does not have: both must come "
                "from the same model."
            )
        first = tensors[known[0]]
        transposed = any(entry.key == _TRANSPOSED for entry in tensor.metadata_props)
        shape = tuple(tensor.dims)[::-1] if transposed else tuple(tensor.dims)
        if shape != first.shape:
            raise GraphError(
                f"{skeleton} has {known[0]} with shape {list(shape)}, the quantized model with {list(first.shape)}: "
                "both must come from the same model."
            )
        for other in known[1:]:
            if not np.array_equal(first.restored(), tensors[other].restored()):
                raise GraphError(
                    f"{known[0]} and {other} are one tensor in the graph {skeleton}, since they were equal, but their "
                    "quantized weights differ: export them apart."
                )
        tied[tensor.name] = Tied(first, transposed)
    return tied


def _fill(model: "onnx.ModelProto", tied: Mapping[str, Tied]) -> None:
    """Put restored weights into what is still empty."""
    size = 0
    for tensor, weights in _filled(model, tied):
        size += weights.nbytes
        if size > _PROTOBUF_LIMIT:
            raise GraphError(
                f"The weights take more than 2 GB up to {tensor.name}, more than an ONNX file holds: choose the form "
                f"{GraphForm.NBITS}."
            )
        tensor.raw_data = np.ascontiguousarray(weights, dtype="<f4").tobytes()
        tensor.ClearField("metadata_props")


def _filled(model: "onnx.ModelProto", tied: Mapping[str, Tied]) -> Iterator[tuple[Any, Weights]]:
    for tensor in model.graph.initializer:
        if tensor.name in tied:
            restored = tied[tensor.name].tensor.restored()
            yield tensor, restored.T if tied[tensor.name].transposed else restored
