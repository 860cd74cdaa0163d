"""A training learns, tells how it goes, leaves a whole adapter or none, and is never done twice."""

import dataclasses
import json
import math
import os
import signal
import textwrap
import threading
from pathlib import Path

import pytest
import torch
from safetensors.numpy import load_file

from tests.support.adaptation_pairs import pairs_of
from tests.support.commands import run
from xnai_pipelines.adapters import memory
from xnai_pipelines.adapters.adapter import Adapter
from xnai_pipelines.adapters.config import AdapterConfig, adapter_id
from xnai_pipelines.adapters.config import Task as AdapterTask
from xnai_pipelines.adapters.memory import estimate
from xnai_pipelines.adapters.pairs import TrainingPair, pairs_sha256
from xnai_pipelines.adapters.plots import curve_plot
from xnai_pipelines.adapters.progress import TrainingStep
from xnai_pipelines.adapters.training import Training, train_encoder
from xnai_pipelines.encoders.specification import EncoderSpec
from xnai_pipelines.errors import AdaptationError
from xnai_pipelines.state.artefacts import read_card


def _train(
    base: EncoderSpec, folder: Path, config: AdapterConfig, pairs: list[TrainingPair], **more: object
) -> Adapter:
    validation = more.pop("validation", [])
    how = Training(config=config, folder=folder, **{"threads": 1, "progress": lambda step: None, **more})  # type: ignore[arg-type]
    return train_encoder(base, pairs, how, validation=validation, documents=[pair.document_id for pair in pairs])  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_training_learns_and_its_card_tells(
    trained: Adapter, base: EncoderSpec, pairs: list[TrainingPair], quick: AdapterConfig
) -> None:
    assert trained.adapter_id == adapter_id(base.weights_sha256, pairs_sha256(pairs), quick, AdapterTask.ENCODER)
    assert trained.metrics["train_loss"] < trained.curve()["steps"][0]["loss"]
    assert trained.metrics["validation_loss_after"] < trained.metrics["validation_loss_before"]
    assert {"validation_mrr_before", "validation_recall_at_1_after", "tokens_per_second"} <= trained.metrics.keys()
    assert trained.metrics["steps"] == 9
    assert trained.documents == tuple(sorted({pair.document_id for pair in pairs}))
    card = read_card(trained.folder)
    assert set(card["files"]) == {"adapter_model.safetensors", "adapter_config.json", "curve.json"}
    assert card["base"] == {"name": base.source.name, "sha256": base.weights_sha256, "dimension": 32}
    assert {"torch", "peft", "transformers"} <= card["libraries"].keys()
    assert trained.config == quick


def test_the_folder_is_one_that_peft_reads(trained: Adapter, base: EncoderSpec) -> None:
    from peft import PeftModel
    from transformers import AutoModel

    model = PeftModel.from_pretrained(AutoModel.from_pretrained(base.source), trained.folder)
    stored = load_file(trained.folder / "adapter_model.safetensors")
    assert len(stored) == 2 * (2 * 6 + 1)
    name = "base_model.model.encoder.layer.1.output.dense.lora_B"
    found = dict(model.named_parameters())[f"{name}.default.weight"]
    assert (found.detach().numpy() == stored[f"{name}.weight"]).all()
    assert str(base.source) not in (trained.folder / "adapter_config.json").read_text()


def test_the_curve_is_a_plot(trained: Adapter) -> None:
    assert curve_plot(trained).startswith(b"\x89PNG")


def test_steps_are_told_with_rate_and_time_left_and_validation(
    base: EncoderSpec, pairs: list[TrainingPair], held_out: list[TrainingPair], quick: AdapterConfig, tmp_path: Path
) -> None:
    steps: list[TrainingStep] = []
    _train(base, tmp_path, quick, pairs, validation=held_out, progress=steps.append)
    assert [step.step for step in steps] == list(range(10))
    assert [step.step for step in steps if step.validation] == [0, 3, 6, 9]
    assert steps[0].loss is None
    assert all(step.loss and step.pairs_per_second > 0 and step.learning_rate > 0 for step in steps[1:])
    assert steps[-1].seconds_left == 0
    again: list[TrainingStep] = []
    _train(base, tmp_path, quick, pairs, validation=held_out, progress=again.append)
    assert again == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "change", [{"mini_batch": 4, "dropout": 0.1}, {"precision": "bf16"}, {"gradient_accumulation": 2}]
)
def test_a_training_of_the_same_seed_gives_the_same_bits(
    base: EncoderSpec, pairs: list[TrainingPair], quick: AdapterConfig, tmp_path: Path, change: dict[str, object]
) -> None:
    config = dataclasses.replace(quick, max_steps=3, **change)  # type: ignore[arg-type]
    before = torch.get_rng_state()
    weights = [_weights(_train(base, tmp_path / name, config, pairs)) for name in "ab"]
    assert weights[0] == weights[1]
    assert torch.equal(before, torch.get_rng_state())


_KILLED = textwrap.dedent("""
    import os, signal, sys
    from pathlib import Path
    from tests.support.adaptation_pairs import pairs_of
    from xnai_pipelines.adapters.config import AdapterConfig
    from xnai_pipelines.adapters.training import Training, train_encoder
    from xnai_pipelines.encoders.specification import read_specification

    def die(step):
        if step.step == int(sys.argv[4]):
            os.kill(os.getpid(), signal.SIGKILL)

    pairs = pairs_of(range(24))
    config = AdapterConfig.from_json(__import__("json").loads(sys.argv[3]))
    training = Training(
        config=config, folder=Path(sys.argv[2]), threads=1, checkpoint_seconds=0, progress=die
    )
    base = read_specification(Path(sys.argv[1]), "fp32")
    train_encoder(base, pairs, training, validation=pairs_of(range(24, 32)), documents=[])
""")


@pytest.mark.slow
def test_a_training_that_is_killed_ends_with_the_bits_of_one_that_is_not(
    base: EncoderSpec, pairs: list[TrainingPair], held_out: list[TrainingPair], quick: AdapterConfig, tmp_path: Path
) -> None:
    config = dataclasses.replace(quick, epochs=8, dropout=0.1)
    undisturbed = _train(base, tmp_path / "undisturbed", config, pairs, validation=held_out)
    killed = tmp_path / "killed"
    steps = config.epochs * 3
    for last in (4, 11):
        ended = run(["-c", _KILLED, str(base.source), str(killed), config.description, str(last)], os.environ)
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        assert not (killed / undisturbed.adapter_id).exists()
        assert list((killed / ".training" / undisturbed.adapter_id).glob("step-*"))
    told: list[TrainingStep] = []
    resumed = _train(base, killed, config, pairs, validation=held_out, progress=told.append)
    assert told[0].step > 10
    assert told[-1].step == steps
    assert _weights(resumed) == _weights(undisturbed)
    assert [step["loss"] for step in resumed.curve()["steps"]] == [
        step["loss"] for step in undisturbed.curve()["steps"]
    ]
    assert resumed.curve()["validation"] == undisturbed.curve()["validation"]
    assert not (killed / ".training" / undisturbed.adapter_id).exists()


def test_a_checkpoint_that_is_damaged_is_not_used(
    base: EncoderSpec, pairs: list[TrainingPair], quick: AdapterConfig, tmp_path: Path
) -> None:
    config = dataclasses.replace(quick, max_steps=4)
    whole = _train(base, tmp_path / "whole", config, pairs)
    checkpoints = tmp_path / "broken" / ".training" / whole.adapter_id

    def stop(step: TrainingStep) -> None:
        if step.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _train(base, tmp_path / "broken", config, pairs, progress=stop, checkpoint_seconds=0)
    [checkpoint] = checkpoints.glob("step-*")
    (checkpoint / "adapter.safetensors").write_bytes(b"nothing")
    told: list[TrainingStep] = []
    assert _weights(_train(base, tmp_path / "broken", config, pairs, progress=told.append)) == _weights(whole)
    assert told[0].step == 0


def test_the_time_before_a_kill_counts(
    base: EncoderSpec, pairs: list[TrainingPair], quick: AdapterConfig, tmp_path: Path
) -> None:
    config = dataclasses.replace(quick, max_minutes=10)

    def stop(step: TrainingStep) -> None:
        if step.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _train(base, tmp_path, config, pairs, progress=stop, checkpoint_seconds=0)
    [card] = (tmp_path / ".training").glob("*/step-*/card.json")
    content = json.loads(card.read_text())
    card.write_text(json.dumps({**content, "seconds": 600.5}))
    adapter = _train(base, tmp_path, config, pairs)
    assert adapter.metrics["steps"] == content["step"]
    assert adapter.metrics["seconds"] > 600


def test_of_two_trainings_of_one_adapter_one_trains(
    base: EncoderSpec, pairs: list[TrainingPair], quick: AdapterConfig, tmp_path: Path
) -> None:
    told: list[int] = []
    found: list[Adapter] = []
    trainings = [
        threading.Thread(
            target=lambda: found.append(
                _train(base, tmp_path, quick, pairs, progress=lambda step: told.append(step.step))
            )
        )
        for _ in range(2)
    ]
    for training in trainings:
        training.start()
    for training in trainings:
        training.join()
    assert told == list(range(10))
    assert found[0] == found[1]


def test_a_loss_that_is_no_number_ends_the_training_without_an_adapter(
    base: EncoderSpec, pairs: list[TrainingPair], quick: AdapterConfig, tmp_path: Path
) -> None:
    config = dataclasses.replace(quick, learning_rate=1e30, schedule="constant", warmup=0)
    with pytest.raises(AdaptationError, match=r"In step \d of 9 the .* is (nan|inf).*Lower learning_rate \(1e\+30\)"):
        _train(base, tmp_path, config, pairs, checkpoint_seconds=0)
    assert [path for path in tmp_path.iterdir() if not path.name.startswith(".")] == []
    assert list((tmp_path / ".training").iterdir()) == []


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_pairs_are_refused(base: EncoderSpec, quick: AdapterConfig, tmp_path: Path, count: int) -> None:
    with pytest.raises(AdaptationError, match=f"{count} training pairs with {count} different passages are too few"):
        _train(base, tmp_path, quick, pairs_of(range(1, 1 + count)))


def test_a_target_module_that_is_not_there_is_named_with_those_that_are(
    base: EncoderSpec, pairs: list[TrainingPair], quick: AdapterConfig, tmp_path: Path
) -> None:
    config = dataclasses.replace(quick, target_modules=("q_proj",))
    with pytest.raises(AdaptationError, match=r"'q_proj' is not a linear layer.*attention\.self\.query"):
        _train(base, tmp_path, config, pairs)


def test_an_encoder_that_is_no_base_model_is_refused(
    base: EncoderSpec, pairs: list[TrainingPair], quick: AdapterConfig, tmp_path: Path
) -> None:
    with pytest.raises(AdaptationError, match="not a base model"):
        _train(dataclasses.replace(base, adapter="other"), tmp_path, quick, pairs)


def test_a_training_for_which_there_is_not_enough_memory_is_refused_with_figures(
    base: EncoderSpec, pairs: list[TrainingPair], quick: AdapterConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available", lambda: 100)
    with pytest.raises(AdaptationError, match=r"needs about \d+ MiB of memory; 0 MiB are free. Set mini_batch"):
        _train(base, tmp_path, quick, pairs)


def test_memory_that_torch_does_not_get_ends_the_training_with_advice(
    base: EncoderSpec, pairs: list[TrainingPair], quick: AdapterConfig, tmp_path: Path
) -> None:
    def fill(step: TrainingStep) -> None:
        torch.empty(1 << 60)

    with pytest.raises(AdaptationError, match=r"There was not enough memory.*Set mini_batch"):
        _train(base, tmp_path, quick, pairs, progress=fill)


def test_cuda_that_is_not_there_is_refused(
    base: EncoderSpec, pairs: list[TrainingPair], quick: AdapterConfig, tmp_path: Path
) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    with pytest.raises(AdaptationError, match="torch finds no CUDA device"):
        _train(base, tmp_path, dataclasses.replace(quick, device="cuda"), pairs)


def test_an_estimate_counts_steps_tokens_memory_and_seconds(
    base: EncoderSpec, pairs: list[TrainingPair], quick: AdapterConfig, trained: Adapter
) -> None:
    told = estimate(pairs, quick, base.source)
    assert told.steps == trained.metrics["steps"]
    assert told.seconds is None
    assert told.memory_bytes > 500 << 20
    timed = estimate(pairs, quick, base.source, tokens_per_second=100)
    assert timed.seconds == pytest.approx(told.tokens / 100)
    larger = dataclasses.replace(quick, batch_size=24)
    assert estimate(pairs, larger, base.source).memory_bytes > told.memory_bytes
    assert math.isclose(estimate(pairs, quick, base.source, 1e-9).tokens, told.tokens)
    with pytest.raises(AdaptationError, match="no training pairs"):
        estimate([], quick, base.source)


def _weights(adapter: Adapter) -> bytes:
    return (adapter.folder / "adapter_model.safetensors").read_bytes()
