"""A setting that is not allowed is named before anything is loaded; the same inputs have the same name."""

import dataclasses
import itertools
import json
from typing import Any

import pytest

from xnai_pipelines.adapters.config import AdapterConfig, Task, adapter_id
from xnai_pipelines.adapters.schedule import Order, learning_rate, progress_share, steps_of
from xnai_pipelines.errors import AdapterConfigError


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rank": 0}, "rank is 0; it must be a whole number from 1"),
        ({"rank": True}, "rank is True"),
        ({"learning_rate": float("nan")}, "learning_rate is nan; it must be a number above 0"),
        ({"dropout": 1.0}, "dropout is 1.0; it must be a number from 0 to below 1"),
        ({"schedule": "step"}, "schedule is 'step'; it must be one of linear, cosine, constant"),
        ({"precision": "fp16"}, "precision is 'fp16'; it must be one of fp32, bf16"),
        ({"device": "tpu"}, "device is 'tpu'; it must be one of auto, cpu, cuda"),
        ({"target_modules": ["query"]}, "target_modules is .*; it must be a tuple"),
        ({"max_minutes": 0}, "max_minutes is 0"),
        ({"mini_batch": 0}, "mini_batch is 0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_a_setting_that_is_not_allowed_is_named_with_its_value_and_what_is(change: dict[str, Any], words: str) -> None:
    with pytest.raises(AdapterConfigError, match=words):
        AdapterConfig(**change)


def test_a_description_gives_the_config_back() -> None:
    config = AdapterConfig(target_modules=("query", "value"), max_minutes=3)
    assert AdapterConfig.from_json(json.loads(config.description)) == config
    with pytest.raises(AdapterConfigError, match="not an adapter's config"):
        AdapterConfig.from_json({"target_modules": 3})


def test_an_unknown_option_is_named_with_the_nearest_one() -> None:
    with pytest.raises(AdapterConfigError, match=r"^epoch is not a training option; the nearest is epochs\.$"):
        AdapterConfig.from_json({"epoch": 3})
    with pytest.raises(AdapterConfigError, match=r"^zzz is not a training option\.$"):
        AdapterConfig().changed({"zzz": 3})


def test_an_id_follows_from_base_data_config_and_task_and_not_from_the_device() -> None:
    config = AdapterConfig()
    name = adapter_id("base", "data", config, Task.ENCODER)
    assert len(name) == 16
    assert name == adapter_id("base", "data", dataclasses.replace(config, device="cpu"), Task.ENCODER)
    others = [
        adapter_id("other", "data", config, Task.ENCODER),
        adapter_id("base", "other", config, Task.ENCODER),
        adapter_id("base", "data", dataclasses.replace(config, seed=8), Task.ENCODER),
        adapter_id("base", "data", config, Task.CAUSAL),
    ]
    assert len({name, *others}) == 5


def test_an_epoch_has_each_example_once_and_questions_of_one_passage_follow_each_other() -> None:
    config = AdapterConfig(batch_size=10)
    groups = [list(range(start, start + 5)) for start in range(0, 50, 5)]
    order = Order(groups, 3, config)
    epoch = [number for batch in range(5) for number in order.batch(batch)]
    assert sorted(epoch) == list(range(50))
    assert epoch == [number for batch in range(5) for number in Order(groups, 3, config).batch(batch)]
    assert epoch != [number for batch in range(5, 10) for number in order.batch(batch)]
    neighbours = sum(a // 5 == b // 5 for a, b in itertools.pairwise(epoch))
    assert neighbours >= 30


def test_steps_follow_from_epochs_and_a_limit() -> None:
    assert steps_of(100, AdapterConfig(epochs=2, batch_size=32)) == 7
    assert steps_of(100, AdapterConfig(epochs=2, batch_size=10, gradient_accumulation=2)) == 10
    assert steps_of(100, AdapterConfig(epochs=2, batch_size=32, max_steps=3)) == 3
    assert steps_of(8, AdapterConfig(epochs=1, batch_size=32)) == 1


@pytest.mark.parametrize(("schedule", "middle"), [("linear", 0.5), ("cosine", 0.5), ("constant", 1.0)])
def test_the_learning_rate_rises_and_falls(schedule: str, middle: float) -> None:
    config = AdapterConfig(schedule=schedule, warmup=0.2, learning_rate=2.0)
    assert learning_rate(0.1, config) == pytest.approx(1.0)
    assert learning_rate(0.2, config) == pytest.approx(2.0)
    assert learning_rate(0.6, config) == pytest.approx(2 * middle)


def test_a_training_that_its_time_budget_will_end_follows_its_clock() -> None:
    config = AdapterConfig(max_minutes=1)
    assert progress_share(10, 100, 30, config) == pytest.approx(0.5)
    assert progress_share(60, 100, 30, config) == pytest.approx(0.605)
    assert progress_share(10, 100, 30, AdapterConfig()) == pytest.approx(0.105)
