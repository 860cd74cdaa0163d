"""A rate-targeted file is as small as asked, whatever the model, and better than a fixed width of that size."""

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from examples.another_encoder.cut import cut
from xnai_pipelines.encoders.source import default_encoder_folder
from xnai_pipelines.encoders.stored.file import load, save
from xnai_pipelines.encoders.stored.scheme import Method, Scheme
from xnai_pipelines.encoders.stored.tensor import QuantizedModel
from xnai_pipelines.errors import QuantizationError
from xnai_pipelines.models.quantization.calibration_texts import batches, token_ids, tokenise
from xnai_pipelines.models.quantization.model import load_transformer
from xnai_pipelines.models.quantization.perplexity import perplexity
from xnai_pipelines.models.quantization.quantize import quantize
from xnai_pipelines.models.quantization.sensitivity import output_sensitivity, output_vectors

pytestmark = pytest.mark.slow


def rate(ratio: float) -> Scheme:
    return Scheme(method=Method.RATE, ratio=ratio)


def float_bytes(folder: Path) -> int:
    return sum(tensor.numel() * 4 for _, tensor in load_transformer(folder).tensors())


@pytest.fixture(scope="module")
def rated(calibration_texts: list[str]) -> Callable[[Path], QuantizedModel]:
    """What makes a model seven times smaller, each model once."""
    return functools.cache(lambda folder: quantize(folder, rate(7), calibration_texts))


@pytest.mark.parametrize("name", ["tiny_gpt2", "tiny_llama"])
def test_a_language_models_file_has_the_size_asked_for_and_predicts_text_nearly_as_well(
    name: str,
    rated: Callable[[Path], QuantizedModel],
    held_out_texts: list[str],
    request: pytest.FixtureRequest,
    tmp_path: Path,
):
    model: Path = request.getfixturevalue(name)
    written = save(rated(model), tmp_path / "weights.arrow")
    assert 0.98 < written / (float_bytes(model) / 7) <= 1
    full = perplexity(model, held_out_texts)
    assert perplexity(model, held_out_texts, rated(model)) < 1.05 * full


def test_the_same_model_and_texts_give_the_same_codes(
    tiny_llama: Path, rated: Callable[[Path], QuantizedModel], calibration_texts: list[str]
):
    again = quantize(tiny_llama, rate(7), calibration_texts)
    for first, second in zip(rated(tiny_llama).tensors, again.tensors, strict=True):
        assert np.array_equal(first.restored(), second.restored())


def test_layers_keep_gptqs_codes_where_their_error_is_smaller(
    tiny_llama: Path, rated: Callable[[Path], QuantizedModel]
):
    in_blocks = sum(len(block.linears) for block in load_transformer(tiny_llama).blocks)
    assert 0.8 * in_blocks < (rated(tiny_llama).statistics.better_than_rounding or 0) <= in_blocks


def test_a_ratio_that_leaves_less_than_half_a_bit_a_weight_is_refused(tiny_gpt2: Path, calibration_texts: list[str]):
    with pytest.raises(QuantizationError, match=r"gpt2.* cannot be 30 times smaller .* smaller ratio"):
        quantize(tiny_gpt2, rate(30), calibration_texts)


def test_the_sensitivity_of_every_layer_is_told_and_is_none_where_the_output_does_not_depend_on_it(
    tiny_llama: Path, calibration_texts: list[str]
):
    model = load_transformer(tiny_llama)
    last = model.blocks[-1].linears
    value, output = (next(linear for linear in last if kind in linear.name) for kind in ("v_proj", "o_proj"))
    columns = output.matrix()
    columns[:, :5] = 0
    output.replace(columns)
    sensitivity = output_sensitivity(model, tokenise(model, calibration_texts, 64))
    assert sensitivity.keys() == {linear.name for block in model.blocks for linear in block.linears}
    assert not sensitivity[value.name][:5].any()
    assert (sensitivity[value.name][5:] > 0).all()


def test_minilm_sixteen_times_smaller_keeps_its_directions(
    calibration_texts: list[str], held_out_texts: list[str], tmp_path: Path
):
    """Two of its six layers: its table of words, its widths and its distributions are the real ones."""
    folder = tmp_path / "two layers"
    cut(default_encoder_folder(), folder, layers=2)
    quantized = quantize(folder, rate(16), calibration_texts[:40])  # just enough for its widest layer
    written = save(quantized, tmp_path / "weights.arrow")
    assert 0.995 < written / (float_bytes(folder) / 16) <= 1
    assert mean_cosine(folder, load(tmp_path / "weights.arrow").weights(), held_out_texts[:16]) > 0.9


def mean_cosine(folder: Path, weights: dict[str, np.ndarray], texts: list[str]) -> float:
    """Mean cosine of mean-pooled embeddings to the full model's."""
    import torch

    model = load_transformer(folder)
    found = []
    for attempt in range(2):
        if attempt:
            model.replace(weights)
        with torch.inference_mode():
            vectors = [
                output_vectors(model, model.network(**batch)[0], batch["attention_mask"].bool())
                for batch in batches(token_ids(model, texts, 128))
            ]
        found.append(torch.cat(vectors))
    return float((found[0] * found[1]).sum(dim=1).mean())
