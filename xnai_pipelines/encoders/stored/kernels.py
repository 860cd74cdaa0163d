"""Codes in the layouts of ONNX Runtime's kernels, replacing the nodes that read float weights."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.encoders.stored.tensor import QuantizedTensor

if TYPE_CHECKING:
    import onnx

_DOMAIN = "com.microsoft"
_BLOCKS = {2: (32, 64, 128), 4: (16, 32, 64, 128), 8: (16, 32, 64, 128)}  # of the CPU kernels, by width
_WHOLE_ROW = 128  # block if a row or the tensor has one scale, which is then repeated


@dataclass(frozen=True, slots=True)
class Tied:
    """A quantized tensor in a graph, transposed if it is a linear layer's weight multiplied from the right.

    The graph's MatMul takes [in, out], the state dict has [out, in].
    """

    tensor: QuantizedTensor
    transposed: bool


@dataclass(frozen=True, slots=True)
class _Replacement:
    nodes: Sequence[Any]
    initializers: Sequence[Any]


class _NoKernelError(Exception):
    """Why no kernel accepts a tensor's codes."""


def use_matmul_nbits(model: "onnx.ModelProto", tied: Mapping[str, Tied]) -> tuple[str, ...]:
    """Replace MatMul by MatMulNBits and Gather by GatherBlockQuantized if their kernels accept the codes.

    Codes are copied into the narrowest width whose kernel has the block size, so 3 bits are stored in 4. A permutation
    or column scales become a Gather or a Mul of the layer's input. Return a note for each reason why a layer stays
    float32.
    """
    notes = _replace(model, tied, _nbits)
    from onnx import helper

    if not any(opset.domain == _DOMAIN for opset in model.opset_import):
        model.opset_import.append(helper.make_opsetid(_DOMAIN, 1))
    return notes


def use_dequantize_linear(model: "onnx.ModelProto", tied: Mapping[str, Tied]) -> tuple[str, ...]:
    """Put symmetric 8-bit codes with one scale per row or tensor behind DequantizeLinear.

    Only the rows looked up in an embedding table are dequantized. ONNX Runtime fuses the products and, by default,
    quantizes their activations: `session.qdq_matmulnbits_accuracy_level` of 1 keeps them exact. Return a note for each
    reason why a layer stays float32.
    """
    return _replace(model, tied, _qdq)


def _replace(
    model: "onnx.ModelProto", tied: Mapping[str, Tied], make: Callable[[Any, str, Tied], _Replacement]
) -> tuple[str, ...]:
    graph = model.graph
    readers: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    replaced: dict[str, Sequence[Any]] = {}
    reasons: Counter[str] = Counter()
    for name, weight in tied.items():
        if weight.tensor.codes is None:
            continue
        try:
            if len({node.op_type for node in readers.get(name, [])}) > 1:
                raise _NoKernelError("an operator of another kind reads the same weight")
            made = [make(node, name, weight) for node in readers.get(name, [])]
        except _NoKernelError as error:
            reasons[str(error)] += 1
            continue
        for node, replacement in zip(readers.get(name, []), made, strict=True):
            replaced[node.output[0]] = replacement.nodes
        kept = [tensor for tensor in graph.initializer if tensor.name != name]
        del graph.initializer[:]
        graph.initializer.extend(kept)
        graph.initializer.extend(made[0].initializers if made else [])
    nodes = [new for node in graph.node for new in replaced.get(node.output[0], [node])]
    del graph.node[:]
    graph.node.extend(nodes)
    return tuple(
        f"{count} layer{'s stay' if count > 1 else ' stays'} float32 in the graph: {reason}."
        for reason, count in reasons.items()
    )


def _is_linear(node: Any, name: str, weight: Tied) -> bool:
    return bool(node.op_type == "MatMul" and node.input[1] == name and node.input[0] != name and weight.transposed)


def _is_embedding(node: Any, name: str, weight: Tied) -> bool:
    first_axis = all(attribute.i == 0 for attribute in node.attribute if attribute.name == "axis")
    return bool(node.op_type == "Gather" and node.input[0] == name and first_axis and not weight.transposed)


def _nbits(node: Any, name: str, weight: Tied) -> _Replacement:
    from onnx import helper, numpy_helper

    tensor = weight.tensor
    packed = _packed(tensor, name, whole_blocks=node.op_type == "Gather")
    initializers = [numpy_helper.from_array(values, part) for part, values in packed.arrays.items()]
    if _is_linear(node, name, weight) and tensor.column_offsets is None:
        prepared, nodes = node.input[0], []
        if tensor.column_scales is not None:
            initializers.append(numpy_helper.from_array(1 / tensor.column_scales, f"{name}.input_scales"))
            nodes.append(helper.make_node("Mul", [prepared, f"{name}.input_scales"], [f"{node.output[0]}.scaled"]))
            prepared = nodes[-1].output[0]
        if tensor.permutation is not None:
            initializers.append(numpy_helper.from_array(tensor.permutation.astype(np.int64), f"{name}.permutation"))
            inputs = [prepared, f"{name}.permutation"]
            nodes.append(helper.make_node("Gather", inputs, [f"{node.output[0]}.permuted"], axis=-1))
            prepared = nodes[-1].output[0]
        rows, columns = packed.shape
        codes, *others = packed.arrays
        sizes = {"K": columns, "N": rows, "bits": packed.width, "block_size": packed.block}
        inputs = [prepared, codes, *others]
        made = helper.make_node("MatMulNBits", inputs, [node.output[0]], node.name, domain=_DOMAIN, **sizes)
        return _Replacement([*nodes, made], initializers)
    plain = tensor.permutation is None and tensor.column_scales is None and tensor.column_offsets is None
    if _is_embedding(node, name, weight) and plain:
        codes, *others = packed.arrays
        axes = {"bits": packed.width, "block_size": packed.block, "gather_axis": 0, "quantize_axis": 1}
        inputs = [codes, node.input[1], *others]
        made = helper.make_node("GatherBlockQuantized", inputs, [node.output[0]], node.name, domain=_DOMAIN, **axes)
        flat = numpy_helper.from_array(packed.arrays[codes].reshape(packed.shape[0], -1), codes)
        return _Replacement([made], [flat, *initializers[1:]])
    raise _NoKernelError(f"no few-bit kernel reads the weight in the way this {node.op_type} does")


@dataclass(frozen=True, slots=True)
class _Packed:
    """Arrays by name: codes uint8 [r, blocks, block * width / 8], scales float32, zero points uint8 if stored."""

    arrays: dict[str, NDArray[Any]]
    shape: tuple[int, int]
    width: int
    block: int


def _packed(tensor: QuantizedTensor, name: str, *, whole_blocks: bool) -> _Packed:
    if tensor.codes is None or tensor.scales is None or tensor.bits is None:
        raise _NoKernelError("their codes have no fixed width")
    block = tensor.group_size or _WHOLE_ROW
    if whole_blocks and tensor.group_size is None:
        block = next((size for size in (128, 64, 32, 16) if tensor.codes.shape[1] % size == 0), block)
    if whole_blocks and tensor.codes.shape[1] % block:
        raise _NoKernelError(f"a row of {tensor.codes.shape[1]} is not divisible by blocks of {block}")
    width = next((each for each in _BLOCKS if each >= tensor.bits and block in _BLOCKS[each]), None)
    if width is None:
        raise _NoKernelError(f"no kernel has {tensor.bits} bits in blocks of {block}")
    rows, columns = tensor.codes.shape
    blocks = -(-columns // block)
    middle = 2 ** (width - 1)
    codes = np.full((rows, blocks * block), middle, dtype=np.uint8)
    # The kernels' codes are unsigned; without zero points they mean the distance from the middle.
    codes[:, :columns] = tensor.codes + (middle if tensor.zero_points is None else 0)
    arrays: dict[str, NDArray[Any]] = {
        f"{name}.codes": _pack(codes, width).reshape(rows, blocks, -1),
        f"{name}.scales": np.array(np.broadcast_to(tensor.scales.astype(np.float32), (rows, blocks))),
    }
    if tensor.zero_points is not None:
        arrays[f"{name}.zero_points"] = _pack(np.broadcast_to(tensor.zero_points, (rows, blocks)), width)
    return _Packed(arrays, (rows, columns), width, block)


def _pack(codes: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Return rows of codes as rows of bytes, the first code in the lowest bits, the last byte padded with zeros."""
    each = 8 // width
    rows, columns = codes.shape
    filled = np.zeros((rows, -(-columns // each) * each), dtype=np.uint8)
    filled[:, :columns] = codes
    packed: NDArray[np.uint8] = np.bitwise_or.reduce(
        filled.reshape(rows, -1, each) << (width * np.arange(each, dtype=np.uint8)), axis=2
    )
    return packed


def _qdq(node: Any, name: str, weight: Tied) -> _Replacement:
    from onnx import helper, numpy_helper

    tensor = weight.tensor
    altered = (tensor.zero_points, tensor.permutation, tensor.column_scales, tensor.column_offsets)
    eight = tensor.bits == 8 and tensor.group_size is None and all(part is None for part in altered)
    if not eight or tensor.codes is None or tensor.scales is None:
        raise _NoKernelError("only symmetric 8-bit codes with one scale per row or tensor are copied")
    codes = tensor.codes.astype(np.int8)
    scales = tensor.scales.astype(np.float32)
    parts = [f"{name}.codes", f"{name}.scales"]
    if _is_linear(node, name, weight):
        initializers = [
            numpy_helper.from_array(np.ascontiguousarray(codes.T), parts[0]),
            numpy_helper.from_array(scales.reshape(-1) if scales.size > 1 else scales.reshape(()), parts[1]),
        ]
        restored = helper.make_node("DequantizeLinear", parts, [f"{node.output[0]}.weight"], axis=1)
        product = helper.make_node("MatMul", [node.input[0], restored.output[0]], [node.output[0]], node.name)
        return _Replacement([restored, product], initializers)
    if _is_embedding(node, name, weight):
        initializers = [
            numpy_helper.from_array(codes, parts[0]),
            numpy_helper.from_array(np.array(np.broadcast_to(scales, (codes.shape[0], 1))), parts[1]),
        ]
        output = node.output[0]
        looked_up = [
            helper.make_node("Gather", [part, node.input[1]], [f"{output}.{kind}"], axis=0)
            for part, kind in zip(parts, ("codes", "scales"), strict=True)
        ]
        # DequantizeLinear has one scale, or one per index of an axis, but not one per looked-up row
        cast = helper.make_node("Cast", [f"{output}.codes"], [f"{output}.numbers"], to=1)
        product = helper.make_node("Mul", [f"{output}.numbers", f"{output}.scales"], [output], node.name)
        return _Replacement([*looked_up, cast, product], initializers)
    raise _NoKernelError(f"no pattern reads the weight in the way this {node.op_type} does")
