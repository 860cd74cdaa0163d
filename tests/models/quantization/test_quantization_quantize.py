"""Quantizing a folder: every weight comes back, the same each time, and what cannot be done is refused before work."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from xnai_pipelines.encoders.stored.scheme import Granularity, Method, Scheme
from xnai_pipelines.encoders.stored.tensor import QuantizedModel, Statistics
from xnai_pipelines.errors import QuantizationError
from xnai_pipelines.models.quantization import memory
from xnai_pipelines.models.quantization.calibration_texts import choose_texts, texts_sha256, tokenise
from xnai_pipelines.models.quantization.model import load_transformer
from xnai_pipelines.models.quantization.quantize import quantize
from xnai_pipelines.state.artefacts import weights_sha256

INT8 = Scheme(method=Method.RTN, bits=8, granularity=Granularity.CHANNEL, symmetric=True)
GPTQ = Scheme(method=Method.GPTQ, bits=4, group_size=32)
CALIBRATED = (GPTQ, Scheme(method=Method.AWQ, bits=4, group_size=32), Scheme(method=Method.RATE, ratio=8))


def hidden(folder: Path, texts: list[str], quantized: QuantizedModel | None = None) -> np.ndarray:
    """Mean-pooled unit vectors of texts."""
    import torch

    model = load_transformer(folder)
    if quantized is not None:
        model.replace(quantized.weights())
    rows = []
    for batch in tokenise(model, texts, 64):
        with torch.inference_mode():
            states = model.network(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1)
        rows.append(torch.nn.functional.normalize((states * mask).sum(dim=1) / mask.sum(dim=1)))
    return torch.cat(rows).numpy()


def cosine(folder: Path, texts: list[str], quantized: QuantizedModel) -> float:
    return float((hidden(folder, texts) * hidden(folder, texts, quantized)).sum(axis=1).mean())


@pytest.mark.slow
@pytest.mark.parametrize("scheme", [Scheme(method=Method.FLOAT16), INT8], ids=["float16", "int8"])
def test_every_tensor_is_shipped_in_state_dict_order_without_the_pooler(tiny_bert: Path, scheme: Scheme) -> None:
    model = quantize(tiny_bert, scheme)
    own = dict(load_transformer(tiny_bert).tensors())
    assert [tensor.name for tensor in model.tensors] == list(own)
    assert not any("pooler" in name for name in own)
    assert model.base_sha256 == weights_sha256(tiny_bert)
    assert model.calibration_sha256 is None
    for name, weights in model.weights().items():
        assert weights.dtype == np.float32
        assert weights.shape == own[name].shape
        np.testing.assert_allclose(weights, own[name].numpy(), atol=0.01)


def test_norms_biases_and_token_types_are_kept_in_float16_and_all_else_gets_codes(tiny_bert: Path) -> None:
    kept = {tensor.name for tensor in quantize(tiny_bert, INT8).tensors if tensor.codes is None}
    own = [name for name, tensor in load_transformer(tiny_bert).tensors() if tensor.dim() == 1]
    assert kept == {*own, "embeddings.token_type_embeddings.weight"}


def test_positions_keep_4_bits_where_words_get_2(tiny_bert: Path) -> None:
    scheme = Scheme(method=Method.RTN, bits=2, group_size=32)
    bits = {tensor.name: tensor.bits for tensor in quantize(tiny_bert, scheme).tensors}
    assert bits["embeddings.position_embeddings.weight"] == 4
    assert bits["encoder.layer.0.output.dense.weight"] == 2


@pytest.mark.slow
def test_gptq_keeps_more_of_an_encoder_than_rounding(
    tiny_bert: Path, calibration_texts: list[str], held_out_texts: list[str]
) -> None:
    schemes = [Scheme(method=method, bits=2, group_size=64) for method in (Method.GPTQ, Method.RTN)]
    gptq, rounding = (quantize(tiny_bert, scheme, calibration_texts, max_length=64) for scheme in schemes)
    assert cosine(tiny_bert, held_out_texts, gptq) > cosine(tiny_bert, held_out_texts, rounding)
    assert gptq.statistics.layers == 14
    assert 0.8 * 12 < (gptq.statistics.better_than_rounding or 0) <= 12
    assert rounding.statistics.better_than_rounding is None


@pytest.mark.slow
@pytest.mark.parametrize("granularity", [Granularity.TENSOR, Granularity.CHANNEL])
@pytest.mark.parametrize("name", ["tiny_bert", "tiny_gpt2"])
def test_gptq_takes_every_granularity(
    name: str, granularity: Granularity, request: pytest.FixtureRequest, calibration_texts: list[str]
) -> None:
    scheme = Scheme(method=Method.GPTQ, bits=8, granularity=granularity)
    folder: Path = request.getfixturevalue(name)
    model = quantize(folder, scheme, calibration_texts[:64], max_length=64)
    own = dict(load_transformer(folder).tensors())
    for tensor in model.tensors:
        if tensor.codes is None:
            continue
        assert np.corrcoef(tensor.restored().ravel(), own[tensor.name].numpy().ravel())[0, 1] > 0.9


@pytest.mark.slow
def test_the_same_texts_and_seed_give_the_same_bits(tiny_bert: Path, calibration_texts: list[str]) -> None:
    one, two = (quantize(tiny_bert, GPTQ, calibration_texts, max_length=64, seed=3) for _ in range(2))
    for first, second in zip(one.tensors, two.tensors, strict=True):
        np.testing.assert_array_equal(first.restored(), second.restored())
    assert one.calibration_sha256 == two.calibration_sha256 == texts_sha256(calibration_texts)


@pytest.mark.slow
def test_progress_names_each_layer_once(tiny_bert: Path, calibration_texts: list[str]) -> None:
    told: list[tuple[str, int, int]] = []
    quantize(tiny_bert, GPTQ, calibration_texts, max_length=64, progress=lambda *step: told.append(step))
    assert [done for _, done, _ in told] == list(range(1, 16))
    assert {total for _, _, total in told} == {15}
    assert len({name for name, _, _ in told}) == 15


def test_many_texts_are_drawn_from_by_the_seed() -> None:
    texts = [f"text {i}" for i in range(1000)]
    assert choose_texts(texts, 1) == choose_texts(texts, 1)
    assert choose_texts(texts, 1) != choose_texts(texts, 2)
    assert len(set(choose_texts(texts, 1))) == 256


@pytest.mark.parametrize("scheme", CALIBRATED, ids=lambda scheme: str(scheme.method))
@pytest.mark.parametrize("texts", [[], ["One text."], ["  \n"] * 500], ids=["none", "one", "blank"])
def test_too_few_calibration_texts_are_refused(tiny_bert: Path, scheme: Scheme, texts: list[str]) -> None:
    with pytest.raises(QuantizationError, match="at least 16 that are not blank are needed"):
        quantize(tiny_bert, scheme, texts)


def test_calibration_texts_too_short_for_the_widest_layer_are_refused(tiny_bert: Path) -> None:
    with pytest.raises(QuantizationError, match="fewer than the 80 inputs of the widest layer"):
        quantize(tiny_bert, GPTQ, ["a"] * 20)


def test_too_little_memory_is_told_before_work_starts(
    tiny_bert: Path, calibration_texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available", lambda: 1 << 20)
    told: list[str] = []
    with pytest.raises(QuantizationError, match=r"needs about \d+ MiB more memory; 1 MiB are free"):
        quantize(tiny_bert, GPTQ, calibration_texts, progress=lambda name, *_: told.append(name))
    assert not told


def test_the_machine_tells_what_memory_is_left() -> None:
    left = memory.available()
    assert left is None or left > 0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_damaged_weight_is_refused_by_name(tiny_bert: Path, tmp_path: Path, value: float) -> None:
    from safetensors.numpy import load_file, save_file

    folder = shutil.copytree(tiny_bert, tmp_path / "damaged")
    tensors = load_file(folder / "model.safetensors")
    tensors["encoder.layer.1.output.dense.weight"][3, 4] = value
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(QuantizationError, match=r"encoder\.layer\.1\.output\.dense\.weight .* infinities or NaN"):
        quantize(folder, INT8)


def test_a_folder_that_asks_for_its_own_code_is_refused(tiny_bert: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_bert, tmp_path / "code")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoModel": "mine.Model"}}))
    with pytest.raises(QuantizationError, match="never run"):
        quantize(folder, INT8)


def test_a_folder_of_pickled_weights_is_refused(tiny_bert: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_bert, tmp_path / "pickled")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(QuantizationError, match="pickle"):
        quantize(folder, INT8)


@pytest.mark.slow
def test_layers_that_are_run_more_than_once_can_be_rounded_but_not_calibrated(
    tiny_albert: Path, calibration_texts: list[str]
) -> None:
    assert isinstance(quantize(tiny_albert, INT8).statistics, Statistics)
    with pytest.raises(QuantizationError, match="Use rtn"):
        quantize(tiny_albert, GPTQ, calibration_texts, max_length=64)


@pytest.mark.slow
def test_int8_of_the_default_encoder_keeps_its_vectors(held_out_texts: list[str]) -> None:
    from xnai_pipelines.encoders.source import default_encoder_folder

    folder = default_encoder_folder()
    model = quantize(folder, INT8)
    assert cosine(folder, held_out_texts[:64], model) > 0.999
