"""Static INT8 of a float ONNX graph: activations get their scales once, from calibration inputs.

Only the inputs of matrix products are quantized. Their outputs stay float32 for the bias or LayerNormalization that
follows. On MiniLM, quantized outputs of the six products that end a feed-forward block reduced the vectors' mean cosine
from .991 to .943, and every quantized output costs time (2.1 instead of 3.6 times the speed of float32). Products whose
inputs do not fit 8 bits are found by measurement: see `quantize_static`.
"""

import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.errors import QuantizationError

if TYPE_CHECKING:
    import onnx

Feed = Mapping[str, NDArray[Any]]  # an ONNX graph's inputs by name

MIN_FEEDS = 8
MIN_COSINE = 0.98  # of the outputs to the float graph's, at which no more products are left out
_EVERY_NTH = 4  # feed that is kept from calibration, for measuring
_MEASURED = 32  # max number of feeds measured on
_TINY = 1e-12
_OBSERVED = 8  # of those, feeds on which single products are measured: their inputs stay in memory


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A matrix product that stays float32.

    `error` is the effect of 8-bit inputs on its output: the mean over rows of the relative error. `outliers` is the max
    over its inputs of the largest magnitude over the 99.9th percentile of magnitudes.
    """

    node: str
    error: float
    outliers: float


@dataclass(frozen=True, slots=True)
class StaticReport:
    """Result of the quantization of a graph.

    `cosine` is the mean over the rows of the first output (an encoder's token vectors) to the float graph, on
    `measured` feeds that calibration did not see; `cosine_of_all` is the same with every product quantized.
    """

    calibrated: int
    measured: int
    products: int
    left_out: tuple[LeftOut, ...]
    cosine: float
    cosine_of_all: float


def quantize_static(
    float_graph: Path,
    destination: Path,
    feeds: Sequence[Feed],
    *,
    reduce_range: bool = False,
) -> StaticReport:
    """Write a graph in INT8 (QDQ, weights per channel) and return how it was done (MiniLM, 64 feeds: 10 to 20 s).

    All products are quantized first. If the outputs' cosine to the float graph is below `MIN_COSINE`, the products
    are ranked by the error from quantizing their inputs alone, and the worst 1, 2, 4, ... are left out until it is
    reached. The 256 codes of an activation cover all but one value in 50,000 at each end.

    Args:
        float_graph: The ONNX graph in float32.
        destination: File to write.
        feeds: Inputs, each run alone, so that none is padded; 64 of 128 tokens are enough.
        reduce_range: Whether to keep 7 bits of the weights, for processors whose 8-bit sums saturate.

    Raises:
        QuantizationError: There are fewer than 8 feeds, or outputs are not finite.
    """
    import onnx
    from onnxruntime.quantization.shape_inference import quant_pre_process

    if len(feeds) < MIN_FEEDS:
        raise QuantizationError(
            f"{len(feeds)} texts are too few to calibrate static INT8. Use at least {MIN_FEEDS} that are similar to "
            "those to be encoded."
        )
    held_out = feeds[::_EVERY_NTH][:_MEASURED]
    calibrating = [feed for index, feed in enumerate(feeds) if index % _EVERY_NTH]
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".static-") as folder:
        prepared, ranges = Path(folder) / "prepared.onnx", Path(folder) / "ranges.json"
        quant_pre_process(float_graph, prepared, skip_optimization=True, skip_symbolic_shape=True)
        model = onnx.load(prepared)
        products = [node for node in model.graph.node if node.op_type == "MatMul"]
        expected = _outputs(float_graph, held_out)

        def cosine_without(left_out: Sequence[LeftOut]) -> float:
            names = [each.node for each in left_out]
            _quantize(prepared, destination, calibrating, left_out=names, ranges=ranges, reduce_range=reduce_range)
            return _mean_cosine(expected, _outputs(destination, held_out))

        cosine = cosine_of_all = cosine_without(())
        left_out: list[LeftOut] = []
        if cosine < MIN_COSINE:
            ranked = sorted(_measure(model, held_out[:_OBSERVED], ranges), key=lambda each: -each.error)
            while cosine < MIN_COSINE and len(left_out) < len(ranked):
                left_out = ranked[: max(1, 2 * len(left_out))]
                cosine = cosine_without(left_out)
    return StaticReport(
        calibrated=len(calibrating),
        measured=len(held_out),
        products=len(products),
        left_out=tuple(left_out),
        cosine=cosine,
        cosine_of_all=cosine_of_all,
    )


def _quantize(
    prepared: Path,
    destination: Path,
    feeds: Sequence[Feed],
    *,
    left_out: Sequence[str],
    ranges: Path,
    reduce_range: bool,
) -> None:
    from onnxruntime import quantization

    with redirect_stdout(io.StringIO()):  # it prints a line for each feed
        quantization.quantize_static(
            prepared,
            destination,
            _reader(feeds),
            op_types_to_quantize=["MatMul", "Gather"],
            per_channel=True,
            reduce_range=reduce_range,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            nodes_to_exclude=list(left_out),
            calibrate_method=quantization.CalibrationMethod.Percentile,
            # written by the first call, read by the others
            calibration_cache_path=ranges,
            extra_options={
                "OpTypesToExcludeOutputQuantization": ["MatMul"],
                # feeds are read one by one: histograms need equal shapes, and every activation stays in memory
                "CalibStridedMinMax": 1,
            },
        )


def _reader(feeds: Sequence[Feed]) -> Any:
    from onnxruntime.quantization import CalibrationDataReader

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        """Hands out the feeds of a range."""

        def __init__(self) -> None:
            self._left: Iterator[Feed] = iter(feeds)

        def __len__(self) -> int:
            return len(feeds)

        def set_range(self, start_index: int, end_index: int) -> None:
            self._left = iter(feeds[start_index:end_index])

        def get_next(self) -> Feed | None:
            return next(self._left, None)

    return Reader()


def _outputs(graph: "Path | bytes", feeds: Sequence[Feed], names: Sequence[str] | None = None) -> list[list[Any]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    source = graph if isinstance(graph, bytes) else str(graph)
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    return [session.run(names, dict(feed)) for feed in feeds]


def _mean_cosine(expected: Sequence[Sequence[Any]], ours: Sequence[Sequence[Any]]) -> float:
    cosines = []
    for one, other in zip(expected, ours, strict=True):
        a, b = (output[0].reshape(-1, output[0].shape[-1]) for output in (one, other))
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            raise QuantizationError("Outputs of the float graph or its INT8 graph are not finite. Check the weights.")
        lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
        cosines.append(np.sum(a * b, axis=1) / np.maximum(lengths, _TINY))  # in 8 bits a row may vanish
    return float(np.concatenate(cosines).mean())


def _measure(model: "onnx.ModelProto", feeds: Sequence[Feed], ranges: Path) -> list[LeftOut]:
    """Return, for each matrix product, the effect of 8-bit inputs on its output."""
    import onnx
    from onnxruntime.quantization.calibrate import load_tensors_data

    products = [node for node in model.graph.node if node.op_type == "MatMul"]
    known = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    wanted = list(dict.fromkeys(name for node in products for name in node.input if name not in known))
    observed = onnx.ModelProto()
    observed.CopyFrom(model)
    del observed.graph.output[:]
    observed.graph.output.extend(onnx.helper.make_tensor_value_info(name, 1, None) for name in wanted)
    runs = [dict(zip(wanted, run, strict=True)) for run in _outputs(observed.SerializeToString(), feeds, wanted)]
    spans = {name: data.range_value for name, data in load_tensors_data(ranges).items()}
    measured = []
    for node in products:
        inputs = [name for name in node.input if name in spans and name not in known]
        errors, outliers = [], [1.0]
        for run in runs:
            exact = [known[name] if name in known else run[name] for name in node.input]
            coarse = [
                _eight_bits(values, *spans[name]) if name in inputs else values
                for name, values in zip(node.input, exact, strict=True)
            ]
            product = np.matmul(*exact)
            difference = np.linalg.norm(np.matmul(*coarse) - product, axis=-1)
            errors.append(float(np.mean(difference / np.maximum(np.linalg.norm(product, axis=-1), _TINY))))
        for name in inputs:
            magnitudes = np.concatenate([np.abs(run[name]).reshape(-1) for run in runs])
            outliers.append(float(magnitudes.max() / max(float(np.percentile(magnitudes, 99.9)), _TINY)))
        measured.append(LeftOut(node.name, round(float(np.mean(errors)), 4), round(max(outliers), 1)))
    return measured


def _eight_bits(values: NDArray[np.float32], low: Any, high: Any) -> NDArray[np.float32]:
    """Return the values after asymmetric 8-bit quantization over the range, like QuantizeLinear."""
    lowest, highest = min(np.min(low), 0.0), max(np.max(high), 0.0)  # of shape [] or [1], by the calibrator
    scale = (highest - lowest) / 255 or 1.0
    zero_point = np.rint(-lowest / scale)
    codes = np.clip(np.rint(values / scale) + zero_point, 0, 255)
    restored: NDArray[np.float32] = ((codes - zero_point) * scale).astype(np.float32)
    return restored
