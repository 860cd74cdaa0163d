"""Rate-targeted quantization: an unbounded uniform grid, with the step that gives the file the requested size.

Entropy-coded codes need no fixed width: a large code is rare and costs many bits, a zero costs a fraction of one. At
the same size the error is far below that of 2-bit codes (all-MiniLM-L6-v2: 2 bits in groups of 64 give a mean cosine of
.76 at 13.7 times smaller, this gives .94).
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xnai_pipelines.encoders.stored.entropy import coded_bits, encode, entropy_bits
from xnai_pipelines.encoders.stored.file import save
from xnai_pipelines.encoders.stored.scheme import Method, Scheme
from xnai_pipelines.encoders.stored.tensor import QuantizedModel, QuantizedTensor, Statistics
from xnai_pipelines.errors import QuantizationError
from xnai_pipelines.models.quantization.assembly import assemble
from xnai_pipelines.models.quantization.calibration import calibrated_blocks
from xnai_pipelines.models.quantization.calibration_texts import Batch
from xnai_pipelines.models.quantization.gptq import InverseFactor, gptq, invert, output_error
from xnai_pipelines.models.quantization.layer_inputs import LayerInputs
from xnai_pipelines.models.quantization.layerwise import Done, Layerwise
from xnai_pipelines.models.quantization.model import EmbeddingTable, Linear, Transformer
from xnai_pipelines.models.quantization.rounding import Codes, Matrix
from xnai_pipelines.models.quantization.sensitivity import output_sensitivity

# Bits of a linear layer's weight beyond one of an encoder's word table: a word's error is one of many in a text and
# averages out. A language model's table, which often also predicts the next word, gets as many as the layers.
_WORD_TABLE_LESS = 1.3
_MIN_BITS = 0.5  # below it, almost every code is zero
_MIN_ROWS = 64  # rows; smaller tables (token types) stay float16
# Far more than GPTQ's usual .01 of the mean diagonal: at few bits its corrections are large, and overfit the
# calibration texts. At 16x .2 instead of .05 changed nothing on similar text and gained .008 on another domain.
_DAMPING = 0.2
# Share of the file kept free, because the last layer meets its target only to a few bytes.
_RESERVE = 0.0005
_NOTES = 500  # characters of what else is in the file: versions of libraries, notes
_ROUNDS = 2  # rounds of GPTQ with a rescaled step
_CLOSE = 0.005  # bits per weight by which a layer may miss its target; the next layers compensate


@dataclass(slots=True, eq=False)
class RowSteps:
    """Multiples of one step per row, unbounded."""

    steps: Matrix
    refit_every: int = 0

    def fit(self, position: int, weights: Matrix) -> None:
        """Do nothing: the steps are given."""

    def round(self, position: int, column: int, weights: Matrix) -> tuple[Codes, Matrix]:
        """Return the nearest multiples of each row's step."""
        codes = np.rint(weights / self.steps)
        return codes.astype(np.int32), codes * self.steps


@dataclass(slots=True)
class _Left:
    """Bits that the file has left for codes, and weights that are not coded yet."""

    bits: float
    weights: int

    @property
    def per_weight(self) -> float:
        """Bits left for each weight."""
        return self.bits / self.weights

    def spend(self, tensor: QuantizedTensor, weights: int) -> None:
        """Take off a coded tensor, so that the next ones compensate what it missed its target by."""
        self.bits -= 8 * len(encode(tensor.codes)) if tensor.codes is not None else 0
        self.weights -= weights


def quantize_by_rate(model: Transformer, scheme: Scheme, batches: Sequence[Batch], done: Done) -> Layerwise:
    """Return embedding tables and linear layers quantized to the scheme's ratio and put into the model.

    The word table, minus its columns' means, is rounded to nearest. The linear layers are quantized by GPTQ, block by
    block, each with the bits per weight that are then left. A row's step is finer if the model's output depends more on
    it (`output_sensitivity`): compared with plain GPTQ that gained .02 of cosine at 16x.

    Raises:
        QuantizationError: No file of this model can be so small.
    """
    result = Layerwise()
    tables = [table for table in model.embeddings if len(table.module.weight) >= _MIN_ROWS]
    sizes = {linear.name: linear.module.weight.numel() for linear in model.linears}
    sizes |= {table.name: table.module.weight.numel() for table in tables}
    steps = _relative_steps(model, batches)
    left = _Left(_bits_for_codes(model, scheme, sizes, steps), sum(sizes.values()))
    if left.per_weight < _MIN_BITS:
        raise QuantizationError(
            f"{model.folder.name} cannot be {scheme.ratio:g} times smaller than float32: only {left.per_weight:.2f} "
            "bits per weight would be left beside its norms and biases. Choose a smaller ratio."
        )
    words = max(tables, key=lambda table: sizes[table.name], default=None)
    less = 0.0 if model.causal or words is None else min(_WORD_TABLE_LESS, left.per_weight)
    of_layers = (left.bits + (less * sizes[words.name] if words else 0)) / left.weights

    def keep(tensor: QuantizedTensor) -> None:
        result.tensors[tensor.name] = tensor
        left.spend(tensor, sizes[tensor.name])
        done(tensor.name)

    for embedding in model.embeddings:
        if embedding.name not in sizes:
            done(embedding.name)
            continue
        tensor = _code_table(embedding, of_layers - less if embedding is words else of_layers)
        embedding.replace(tensor.restored())
        keep(tensor)
    for calibrated in calibrated_blocks(model, batches):
        inputs = calibrated.inputs
        inverse = invert(inputs.hessian, damping=_DAMPING)
        for linear in inputs.linears:
            tensor, better = _code_linear(linear, steps[linear.name], left.per_weight, inputs=inputs, inverse=inverse)
            linear.replace(linear.oriented(tensor.restored()))
            result.better_than_rounding += better
            keep(tensor)
    for linear in model.linears:
        if linear.name not in result.tensors:
            tensor, _ = _code_linear(linear, steps[linear.name], left.per_weight)
            linear.replace(linear.oriented(tensor.restored()))
            keep(tensor)
    return result


def _relative_steps(model: Transformer, batches: Sequence[Batch]) -> dict[str, Matrix]:
    """Return, by linear layer, the steps of its rows, float32 [r, 1], or [1, 1] for one step, up to a common factor.

    They are inversely proportional to the fourth root of the output's sensitivity, half as strong as theory demands at
    many bits (all rows then add the same error), and powers of 2**(1/4), so that they compress.
    """
    sensitivity = output_sensitivity(model, batches)
    steps = {linear.name: np.ones((1, 1), np.float32) for linear in model.linears}
    for linear in model.linears:
        rows = sensitivity.get(linear.name)
        # a transposed weight is stored with outputs as columns, and steps belong to rows
        if rows is not None and rows.any() and not linear.transposed:
            root = (rows / rows.mean() + 0.01) ** -0.25
            steps[linear.name] = np.exp2(np.rint(np.log2(root) * 4) / 4).astype(np.float32)[:, None]
    return steps


def _bits_for_codes(model: Transformer, scheme: Scheme, sizes: Mapping[str, int], steps: Mapping[str, Matrix]) -> float:
    """Return the bits that a file of the scheme's ratio has for codes.

    All else is measured by writing a file whose tensors with codes have one column of noise.
    """
    generator = np.random.default_rng(0)
    blank = {}
    taken = 0
    for name, tensor in model.tensors():
        if name in sizes:
            codes = generator.integers(-100, 100, (tensor.shape[0], 1), np.int32)
            # each tensor has its own step: equal ones would compress better than the real ones
            relative = steps.get(name, np.ones((1, 1), np.float32)) * np.float32(generator.uniform(1, 2))
            blank[name] = _tensor(name, codes.shape, codes, relative)
            taken += len(encode(codes))
            if name not in steps:  # a table's means of columns, float32, which hardly compress
                taken -= 4 * (sizes[name] // len(codes))
    stored = QuantizedModel(
        tensors=assemble(model, blank),
        scheme=scheme,
        base_sha256="0" * 64,
        calibration_sha256="0" * 64,
        statistics=Statistics(seconds=0.0, layers=len(blank), notes=("x" * _NOTES,)),
        libraries={},
    )
    with tempfile.TemporaryDirectory() as folder:
        beside = save(stored, Path(folder) / "blank.arrow") - taken
    full: int = sum(tensor.numel() * 4 for _, tensor in model.tensors())
    return 8 * (full / (scheme.ratio or 1) * (1 - _RESERVE) - beside)


def _code_table(embedding: EmbeddingTable, bits: float) -> QuantizedTensor:
    """Return a table rounded to nearest with one step, its columns' means stored separately."""
    table: Matrix = embedding.module.weight.detach().numpy()
    mean = table.mean(axis=0)
    centred = table - mean
    codes, steps = _to_rate(
        centred, np.ones((1, 1), np.float32), bits, lambda steps: np.rint(centred / steps).astype(np.int32)
    )
    return _tensor(embedding.name, table.shape, codes=codes, steps=steps, offsets=mean)


def _code_linear(
    linear: Linear,
    relative: Matrix,
    bits: float,
    inputs: LayerInputs | None = None,
    inverse: InverseFactor | None = None,
) -> tuple[QuantizedTensor, bool]:
    """Return a layer by GPTQ or by round-to-nearest, whichever has the smaller error, and whether it is GPTQ."""
    matrix = linear.matrix()

    def nearest(steps: Matrix) -> Codes:
        codes: Codes = np.rint(matrix / steps).astype(np.int32)
        return codes

    def stored(codes: Codes, steps: Matrix) -> QuantizedTensor:
        return _tensor(linear.name, tuple(linear.module.weight.shape), linear.oriented(codes), steps)

    if inputs is None or inverse is None:
        return stored(*_to_rate(matrix, relative, bits, nearest)), False
    codes, steps = _to_rate(
        matrix,
        relative,
        bits,
        lambda steps: gptq(matrix, inverse, RowSteps(np.broadcast_to(steps, (len(matrix), 1))[:, 0]))[0],
    )
    plain = nearest(steps)
    if output_error(matrix, codes * steps, inputs.hessian) < output_error(matrix, plain * steps, inputs.hessian):
        return stored(codes, steps), True
    return stored(plain, steps), False


def _to_rate(
    matrix: Matrix, relative: Matrix, bits: float, quantizer: Callable[[Matrix], Codes]
) -> tuple[Codes, Matrix]:
    """Return codes of about so many bits per weight, and their steps, [r, 1] or [1, 1], at float16 precision.

    The step is bisected on the entropy of some rows rounded to nearest, then rescaled by 2**(bits - requested bits): a
    step half as large takes one bit more.
    """
    rows = np.random.default_rng(0).permutation(len(matrix))[:512]
    some = matrix[rows] / (relative if len(relative) == 1 else relative[rows])
    low, high = 1e-4 * float(some.std()) + 1e-12, 1e2 * float(some.std()) + 1e-12
    for _ in range(25):
        step = float(np.sqrt(low * high))
        if entropy_bits(np.rint(some / step).astype(np.int32)) > bits:
            low = step
        else:
            high = step
    for attempt in range(_ROUNDS + 1):
        steps = (step * relative).astype(np.float16).astype(np.float32)
        steps = np.maximum(steps, np.float32(np.finfo(np.float16).smallest_subnormal))
        codes = quantizer(steps)
        missed = coded_bits(codes) - bits
        if attempt == _ROUNDS or abs(missed) < _CLOSE:
            break
        step *= 2**missed
    return codes, steps


def _tensor(
    name: str, shape: tuple[int, ...], codes: Codes, steps: Matrix, offsets: Matrix | None = None
) -> QuantizedTensor:
    return QuantizedTensor(
        name=name,
        shape=shape,
        dtype="float32",
        method=Method.RATE,
        symmetric=True,
        codes=np.ascontiguousarray(codes),
        scales=steps.astype(np.float16),
        column_offsets=offsets,
    )
