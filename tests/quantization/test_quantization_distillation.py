"""Distillation brings a quantized model's outputs closer to the full model's, within the width of its codes."""

from pathlib import Path

import numpy as np
import pytest

from xnai_pipelines.quantization.calibration import tokenise
from xnai_pipelines.quantization.distillation import distil
from xnai_pipelines.quantization.file import save
from xnai_pipelines.quantization.model import load_transformer
from xnai_pipelines.quantization.perplexity import perplexity
from xnai_pipelines.quantization.quantize import quantize
from xnai_pipelines.quantization.scheme import Method, Scheme

pytestmark = pytest.mark.slow


def test_trained_codes_predict_held_out_text_better_and_the_file_stays_as_small(
    tiny_gpt2: Path, calibration_texts: list[str], held_out_texts: list[str], tmp_path: Path
):
    plain = quantize(tiny_gpt2, Scheme(method=Method.RATE, ratio=9), calibration_texts)
    scheme = Scheme(method=Method.RATE, ratio=9, distillation_steps=80)
    trained = quantize(tiny_gpt2, scheme, calibration_texts)
    before, after = (perplexity(tiny_gpt2, held_out_texts, model) for model in (plain, trained))
    assert after < before
    full = sum(tensor.numel() * 4 for _, tensor in load_transformer(tiny_gpt2).tensors())
    assert save(trained, tmp_path / "weights.arrow") <= full / 9


def test_codes_of_a_fixed_width_stay_within_it_and_come_closer(tiny_llama: Path, calibration_texts: list[str]):
    scheme = Scheme(method=Method.GPTQ, bits=2, group_size=32)
    quantized = quantize(tiny_llama, scheme, calibration_texts)
    model = load_transformer(tiny_llama)
    model.replace(quantized.weights())
    coded = {tensor.name: tensor for tensor in quantized.tensors if tensor.codes is not None}
    told: list[str] = []
    trained = distil(model, coded, tokenise(model, calibration_texts, 64), 25, told.append)
    assert len(told) == 25
    assert trained.keys() == coded.keys()
    moved = 0
    for name, tensor in trained.items():
        assert tensor.codes is not None
        assert tensor.codes.min() >= 0
        assert tensor.bits is not None
        assert tensor.codes.max() < 1 << tensor.bits
        moved += int(np.count_nonzero(tensor.codes != coded[name].codes))
    assert moved > 0
    weights = dict(model.tensors())
    assert all(np.array_equal(weights[name].numpy(), tensor.restored()) for name, tensor in trained.items())


def test_distillation_is_deterministic(tiny_llama: Path, calibration_texts: list[str]):
    scheme = Scheme(method=Method.RATE, ratio=10, distillation_steps=4)
    one, other = (quantize(tiny_llama, scheme, calibration_texts) for _ in range(2))
    for first, second in zip(one.tensors, other.tensors, strict=True):
        assert np.array_equal(first.restored(), second.restored())
