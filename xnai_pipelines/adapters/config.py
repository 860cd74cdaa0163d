"""How an adapter is trained, validated before anything is loaded, and the id derived from it."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from xnai_pipelines.errors import AdapterConfigError

_RECIPE = 1  # raised when a code change makes the same inputs give another adapter

SCHEDULES = ("linear", "cosine", "constant")
PRECISIONS = ("fp32", "bf16")
DEVICES = ("auto", "cpu", "cuda")


class Task(StrEnum):
    """What is adapted."""

    ENCODER = "encoder"
    CAUSAL = "causal"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterConfig:
    """How an adapter is trained; the defaults are for sentence encoders and a few hundred pairs.

    Attributes:
        rank: Rank of the low-rank matrices.
        alpha: Scale of the adapter's output, which is multiplied by alpha / rank.
        dropout: Dropout rate on adapter inputs; the base network's own dropout is off.
        target_modules: Names of the layers that get an adapter, or the ends of names; derived from the architecture if
            empty.
        learning_rate: Peak learning rate, after the warm-up.
        schedule: Decay of the learning rate after the warm-up: linear, cosine or constant.
        warmup: Share of the steps in which the learning rate rises from zero.
        epochs: Passes over the examples; a fraction is allowed.
        max_steps: Max number of steps; the schedule ends with it.
        max_minutes: Max minutes of training, including time before a kill; the schedule ends with it.
        batch_size: Examples per loss; in a ranking loss the others are the negatives.
        mini_batch: Texts that pass the network together; None: all texts of a batch. In a ranking loss, larger batches
            use gradient caching: less memory, 1.5 times the time.
        questions_per_passage: Questions of one passage that share a batch, if there are so many: the passage passes the
            network once for all of them. 1: batches are fully random.
        gradient_accumulation: Batches per step.
        question_length: Max tokens of a question.
        passage_length: Max tokens of a passage.
        max_length: Max tokens of a conversation.
        scale: Factor of the cosines in the ranking loss, the inverse of its temperature.
        seed: Seed of the initial matrices, the order of the examples, and the dropout.
        precision: Number format of the matrix products: fp32, or bf16 (processors with AMX, GPUs).
        device: cpu, cuda, or auto for the available one.
    """

    rank: int = 16
    alpha: float = 32
    dropout: float = 0.0
    target_modules: tuple[str, ...] = ()
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    warmup: float = 0.1
    epochs: float = 5
    max_steps: int | None = None
    max_minutes: float | None = None
    batch_size: int = 64
    mini_batch: int | None = None
    questions_per_passage: int = 4
    gradient_accumulation: int = 1
    question_length: int = 128
    passage_length: int = 256
    max_length: int = 512
    scale: float = 20
    seed: int = 7
    precision: str = "fp32"
    device: str = "auto"

    def __post_init__(self) -> None:
        for name in (
            *("rank", "batch_size", "questions_per_passage", "gradient_accumulation"),
            *("question_length", "passage_length", "max_length"),
        ):
            _whole(name, getattr(self, name), least=1)
        for name in ("max_steps", "mini_batch"):
            if getattr(self, name) is not None:
                _whole(name, getattr(self, name), least=1)
        _whole("seed", self.seed, least=0)
        for name in ("alpha", "learning_rate", "epochs", "scale"):
            _number(name, getattr(self, name))
        if self.max_minutes is not None:
            _number("max_minutes", self.max_minutes)
        for name in ("dropout", "warmup"):
            _share(name, getattr(self, name))
        for name, allowed in (("schedule", SCHEDULES), ("precision", PRECISIONS), ("device", DEVICES)):
            if getattr(self, name) not in allowed:
                raise AdapterConfigError(f"{name} is {getattr(self, name)!r}; it must be one of {', '.join(allowed)}.")
        modules = self.target_modules
        if not isinstance(modules, tuple) or not all(isinstance(name, str) and name for name in modules):
            raise AdapterConfigError(f"target_modules is {modules!r}; it must be a tuple of layer names.")

    @property
    def description(self) -> str:
        """Canonical JSON of what decides the adapter: all fields except the device."""
        fields = {name: value for name, value in asdict(self).items() if name != "device"}
        return json.dumps(fields, sort_keys=True)

    def changed(self, fields: dict[str, Any]) -> "AdapterConfig":
        """Return this config with some fields changed.

        Raises:
            AdapterConfigError: A field is unknown or not allowed.
        """
        return self.from_json({**asdict(self), **fields})

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "AdapterConfig":
        """Return the config from a card or from `description`.

        Raises:
            AdapterConfigError: A field is unknown or not allowed.
        """
        for name in fields:
            if name not in cls.__dataclass_fields__:
                near = get_close_matches(str(name), cls.__dataclass_fields__, 1)
                nearest = f"; the nearest is {near[0]}" if near else ""
                raise AdapterConfigError(f"{name} is not a training option{nearest}.")
        try:
            return cls(**{**fields, "target_modules": tuple(fields.get("target_modules", ()))})
        except TypeError as error:
            raise AdapterConfigError(f"This is not an adapter's config: {error}.") from error


def adapter_id(base_sha256: str, data_sha256: str, config: AdapterConfig, task: Task) -> str:
    """Return 16 hexadecimal digits: the same base, data, config and task give the same adapter."""
    identity = [_RECIPE, base_sha256, data_sha256, config.description, str(task)]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]


def _whole(name: str, value: object, *, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise AdapterConfigError(f"{name} is {value!r}; it must be a whole number from {least} up.")


def _number(name: str, value: object) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value) or value <= 0:
        raise AdapterConfigError(f"{name} is {value!r}; it must be a number above 0.")


def _share(name: str, value: object) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1:
        raise AdapterConfigError(f"{name} is {value!r}; it must be a number from 0 to below 1.")
