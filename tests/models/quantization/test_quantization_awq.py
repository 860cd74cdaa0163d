"""Activation-aware scaling: large inputs lose less, and the scale is folded only where that changes nothing."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from xnai_pipelines.encoders.stored.scheme import Method, Scheme
from xnai_pipelines.encoders.stored.tensor import QuantizedModel, QuantizedTensor
from xnai_pipelines.models.quantization.awq import search_scales
from xnai_pipelines.models.quantization.calibration import calibrated_blocks
from xnai_pipelines.models.quantization.calibration_texts import choose_texts, tokenise
from xnai_pipelines.models.quantization.gptq import output_error
from xnai_pipelines.models.quantization.layer_inputs import LayerInputs, Moments
from xnai_pipelines.models.quantization.model import Linear, load_transformer
from xnai_pipelines.models.quantization.quantize import quantize

AWQ = Scheme(method=Method.AWQ, bits=4, group_size=32)
RTN = Scheme(method=Method.RTN, bits=4, group_size=32)


@pytest.fixture(scope="module")
def loud_llama(untied_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama whose attention reads and gives some channels ten times as large: scaling wins there on any processor."""
    import torch
    from transformers import LlamaForCausalLM

    folder = shutil.copytree(untied_llama, tmp_path_factory.mktemp("loud") / "llama")
    model = LlamaForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        for layer in model.model.layers:
            layer.input_layernorm.weight[::16] *= 10
            layer.self_attn.v_proj.weight[::16] *= 10
    model.save_pretrained(folder, safe_serialization=True)
    return folder


def by_name(model: QuantizedModel) -> dict[str, QuantizedTensor]:
    return {tensor.name: tensor for tensor in model.tensors}


def fed_by(inputs: np.ndarray, outputs: int) -> LayerInputs:
    import torch

    torch.manual_seed(0)
    module = torch.nn.Linear(inputs.shape[1], outputs, bias=False).requires_grad_(False)
    rows = torch.from_numpy(inputs.astype(np.float32))
    moments = Moments.zero(inputs.shape[1])
    moments.add(rows, rows)
    return LayerInputs.of((Linear("layer.weight", module, False),), moments)


def test_scales_rise_with_the_size_of_the_inputs() -> None:
    size = np.where(np.arange(64) % 16 == 3, 40.0, 1.0)
    scales = search_scales(fed_by(np.random.default_rng(0).normal(size=(400, 64)) * size, 32), AWQ)
    assert scales is not None
    assert scales.dtype == np.float32
    assert scales[size > 1].min() > 1.5 * scales[size == 1].max()


def test_inputs_of_one_size_need_no_scales_or_nearly_none() -> None:
    scales = search_scales(fed_by(np.sign(np.random.default_rng(0).normal(size=(400, 64))), 32), AWQ)
    assert scales is None or np.ptp(scales) < 1e-3


@pytest.mark.slow
def test_norms_before_the_layers_take_the_scales_in(loud_llama: Path, calibration_texts: list[str]) -> None:
    model = quantize(loud_llama, AWQ, calibration_texts, max_length=128)
    tensors = by_name(model)
    assert "folded into the norm" in model.statistics.notes[0]
    original = dict(load_transformer(loud_llama).tensors())
    name = "model.layers.1.input_layernorm.weight"
    scales = original[name].numpy() / tensors[name].restored()
    assert np.ptp(scales) > 0.01
    # The scaled weights: divided again by what the norm took in, they are the model's own, up to rounding.
    query = tensors["model.layers.1.self_attn.q_proj.weight"]
    assert query.column_scales is None
    own = original[query.name].numpy()
    assert np.corrcoef((query.restored() / scales).ravel(), own.ravel())[0, 1] > 0.97
    # What attention gives is fed by no norm.
    assert tensors["model.layers.1.self_attn.o_proj.weight"].column_scales is not None


@pytest.mark.slow
def test_norms_that_the_residual_reads_as_well_stay_as_they_are(tiny_bert: Path, calibration_texts: list[str]) -> None:
    model = quantize(tiny_bert, AWQ, calibration_texts, max_length=64)
    original = dict(load_transformer(tiny_bert).tensors())
    for tensor in model.tensors:
        if "LayerNorm" in tensor.name:
            np.testing.assert_array_equal(tensor.restored(), original[tensor.name].numpy().astype(np.float16))
    assert "The scales of 0 layers are folded" in model.statistics.notes[0]


@pytest.mark.slow
def test_scaled_layers_lose_less_of_their_output_than_rounded_ones(
    loud_llama: Path, calibration_texts: list[str]
) -> None:
    from xnai_pipelines.models.quantization.assembly import coded_tensor, rounded_tensor
    from xnai_pipelines.models.quantization.rounding import levels_of, round_to_nearest

    model = load_transformer(loud_llama)
    batches = tokenise(model, choose_texts(calibration_texts, 0), 128)
    errors = []
    for calibrated in calibrated_blocks(model, batches):
        inputs = calibrated.inputs
        scales = search_scales(inputs, AWQ)
        pair = [0.0, 0.0]
        for linear in inputs.linears if scales is not None else ():
            matrix = linear.matrix()
            weight = matrix * scales
            rounded = round_to_nearest(weight, levels_of(AWQ, weight), AWQ.granularity, AWQ.group_size)
            scaled = coded_tensor(linear.name, matrix.shape, rounded=rounded, scheme=AWQ, column_scales=scales)
            plain = rounded_tensor(linear.name, matrix, RTN)
            for i, tensor in enumerate((scaled, plain)):
                pair[i] += output_error(matrix, tensor.restored(), inputs.hessian)
        if scales is not None:
            errors.append(pair)
    assert errors
    assert all(scaled < plain for scaled, plain in errors)
