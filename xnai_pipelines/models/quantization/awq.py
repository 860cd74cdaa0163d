"""Activation-aware scaling: inputs that are large get finer weights.

Lin et al. 2023, "AWQ: Activation-aware Weight Quantization for LLM Compression and Acceleration" (arXiv:2306.00978,
section 3.2).
"""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from xnai_pipelines.encoders.stored.scheme import Scheme
from xnai_pipelines.encoders.stored.tensor import QuantizedTensor
from xnai_pipelines.models.quantization.assembly import coded_tensor, rounded_tensor
from xnai_pipelines.models.quantization.calibration import CalibratedBlock, calibrated_blocks
from xnai_pipelines.models.quantization.calibration_texts import Batch
from xnai_pipelines.models.quantization.gptq import output_error
from xnai_pipelines.models.quantization.layer_inputs import LayerInputs
from xnai_pipelines.models.quantization.layerwise import Done, Layerwise
from xnai_pipelines.models.quantization.model import Transformer, put
from xnai_pipelines.models.quantization.rounding import Matrix, levels_of, round_to_nearest

if TYPE_CHECKING:
    import torch

_EXPONENTS = np.linspace(0, 1, 11)
_SMALLEST = 1e-4  # min mean |x| relative to the mean of all, so that an input that is never used has a scale
_SAME = 1e-4  # max difference of a folded block's output, relative to the largest output


def quantize_by_awq(model: Transformer, scheme: Scheme, batches: Sequence[Batch], done: Done) -> Layerwise:
    """Return the linear layers of the blocks, scaled by their inputs, rounded to nearest and put into the model.

    The scale is folded into the norm before the layers if the block's outputs stay the same. Otherwise it is stored
    with the weight and divided out on restoring, as after BERT's norms, whose output the residual also reads.
    """
    result = Layerwise()
    folded = stored = 0
    transposed = [linear.name for linear in model.linears if linear.transposed]
    for calibrated in calibrated_blocks(model, batches):
        inputs = calibrated.inputs
        scales = None if inputs.linears[0].transposed else search_scales(inputs, scheme)
        in_norm = scales is not None and _fold(calibrated, scales)
        for linear in inputs.linears:
            if scales is None:
                tensor = rounded_tensor(linear.name, linear.stored(), scheme)
            else:
                tensor = _scaled(linear.name, linear.matrix(), scales, scheme, in_norm=in_norm)
                result.better_than_rounding += 1
                folded, stored = folded + in_norm, stored + (not in_norm)
            linear.replace(linear.oriented(tensor.restored()))
            result.tensors[linear.name] = tensor
            done(linear.name)
    result.notes.append(
        f"The scales of {folded} layers are folded into the norm before them; those of {stored} are stored with the "
        "weight, because other modules read the same input."
    )
    if transposed:
        result.notes.append(
            f"{len(transposed)} layers are rounded to nearest: their weights are stored with one row per input, so "
            "each input already has its own scales."
        )
    return result


def search_scales(inputs: LayerInputs, scheme: Scheme) -> Matrix | None:
    """Return a scale per input, float32 [c], for layers with the same input, None if no scaling has the least loss.

    s = mean|x|^alpha (equation 5), alpha from 0 to 1 in steps of 0.1, for the least error of the layers' outputs
    (equation 4), which their Hessian gives without running them.
    """
    magnitude = np.maximum(inputs.magnitude, _SMALLEST * inputs.magnitude.mean())
    matrices = [linear.matrix() for linear in inputs.linears]
    best, least = None, np.inf
    for exponent in _EXPONENTS:
        raw = magnitude**exponent
        scales = (raw / np.sqrt(raw.max() * raw.min())).astype(np.float32)
        error = 0.0
        for linear, matrix in zip(inputs.linears, matrices, strict=True):
            restored = _scaled(linear.name, matrix, scales, scheme, in_norm=False).restored()
            error += output_error(matrix, restored, inputs.hessian)
        if error < least:
            best, least = (scales if exponent else None), error
    return best


def _scaled(name: str, matrix: Matrix, scales: Matrix, scheme: Scheme, *, in_norm: bool) -> QuantizedTensor:
    """Return the matrix times its inputs' scales, rounded; a folded matrix was multiplied when it was folded."""
    weight = matrix if in_norm else matrix * scales
    rounded = round_to_nearest(weight, levels_of(scheme, weight), scheme.granularity, scheme.group_size)
    return coded_tensor(name, matrix.shape, rounded=rounded, scheme=scheme, column_scales=None if in_norm else scales)


def _fold(calibrated: CalibratedBlock, scales: Matrix) -> bool:
    """Divide the norm before the layers by the scales and multiply the layers; undo it if the outputs then differ."""
    inputs = calibrated.inputs
    before, norm = _find_norm(calibrated)
    if norm is None:
        return False
    parameters = [norm.weight] + ([norm.bias] if getattr(norm, "bias", None) is not None else [])
    kept = [parameter.numpy().copy() for parameter in parameters]
    matrices = [linear.matrix() for linear in inputs.linears]
    for parameter, values in zip(parameters, kept, strict=True):
        put(parameter, values / scales)
    for linear, matrix in zip(inputs.linears, matrices, strict=True):
        linear.replace(matrix * scales)
    if float((calibrated.run() - before).abs().max()) <= _SAME * float(before.abs().max()):
        inputs.moments.mean /= scales  # read by the correction of the bias
        return True
    for parameter, values in zip(parameters, kept, strict=True):
        put(parameter, values)
    for linear, matrix in zip(inputs.linears, matrices, strict=True):
        linear.replace(matrix)
    return False


def _find_norm(calibrated: CalibratedBlock) -> "tuple[torch.Tensor, Any | None]":
    """Return the block's output, and the module with one weight per input that feeds these layers, if there is one."""
    inputs = calibrated.inputs
    width = len(inputs.magnitude)
    outputs: list[tuple[Any, Any]] = []
    found: list[Any] = []

    def produced(module: Any, _: Any, output: Any) -> None:
        outputs.append((module, output))

    def fed(_: Any, arguments: tuple[Any, ...]) -> None:
        found.extend(module for module, output in outputs if output is arguments[0])

    with ExitStack() as hooks:
        for module in calibrated.block.module.modules():
            if getattr(getattr(module, "weight", None), "shape", None) == (width,):
                hooks.callback(module.register_forward_hook(produced).remove)
        hooks.callback(inputs.linears[0].module.register_forward_pre_hook(fed).remove)
        output = calibrated.run()
    return output, found[0] if found else None
