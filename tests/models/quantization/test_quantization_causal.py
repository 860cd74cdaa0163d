"""A language model of few bits still predicts text, and GPTQ's predicts it better than round-to-nearest's."""

from pathlib import Path

import pytest

from xnai_pipelines.encoders.stored.scheme import Method, Scheme
from xnai_pipelines.errors import QuantizationError
from xnai_pipelines.models.quantization.perplexity import perplexity
from xnai_pipelines.models.quantization.quantize import quantize


def scheme(method: Method, bits: int) -> Scheme:
    return Scheme(method=method, bits=bits, group_size=64)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tiny_gpt2", "tiny_llama"])
def test_perplexity_holds_at_4_bits_and_gptq_beats_rounding_at_2(
    name: str, request: pytest.FixtureRequest, calibration_texts: list[str], held_out_texts: list[str]
) -> None:
    folder: Path = request.getfixturevalue(name)

    def measure(method: Method, bits: int) -> float:
        model = quantize(folder, scheme(method, bits), calibration_texts, max_length=128)
        return perplexity(folder, held_out_texts, model)

    full = perplexity(folder, held_out_texts)
    assert full < 150, "the model has learnt nothing that quantization could destroy"
    assert measure(Method.GPTQ, 4) == pytest.approx(full, rel=0.03)
    assert measure(Method.GPTQ, 2) < measure(Method.RTN, 2)


@pytest.mark.slow
def test_tied_weights_are_shipped_once(tiny_gpt2: Path, calibration_texts: list[str]) -> None:
    model = quantize(tiny_gpt2, scheme(Method.GPTQ, 4), calibration_texts, max_length=128)
    names = [tensor.name for tensor in model.tensors]
    assert "transformer.wte.weight" in names
    assert "lm_head.weight" not in names
    assert len(names) == len(set(names))
    # A Conv1D keeps its weight [inputs, outputs]; codes and scales lie as it does, without a permutation.
    stored = next(tensor for tensor in model.tensors if tensor.name == "transformer.h.0.mlp.c_fc.weight")
    assert stored.shape == (64, 256)
    assert stored.codes is not None
    assert stored.codes.shape == (64, 256)
    assert stored.scales is not None
    assert stored.scales.shape == (64, 4)
    assert stored.permutation is None


@pytest.mark.slow
def test_an_output_layer_of_its_own_is_quantized_and_named(untied_llama: Path, calibration_texts: list[str]) -> None:
    model = quantize(untied_llama, scheme(Method.GPTQ, 4), calibration_texts, max_length=128)
    head = next(tensor for tensor in model.tensors if tensor.name == "lm_head.weight")
    assert head.method is Method.RTN
    assert "lm_head.weight" in " ".join(model.statistics.notes)


def test_perplexity_of_an_encoder_is_refused(tiny_bert: Path, held_out_texts: list[str]) -> None:
    with pytest.raises(QuantizationError, match="not a causal language model"):
        perplexity(tiny_bert, held_out_texts)


@pytest.mark.slow
def test_weights_of_another_model_are_refused(tiny_llama: Path, tiny_bert: Path, held_out_texts: list[str]) -> None:
    other = quantize(tiny_bert, Scheme(method=Method.FLOAT16))
    with pytest.raises(QuantizationError, match="differ in"):
        perplexity(tiny_llama, held_out_texts, other)
