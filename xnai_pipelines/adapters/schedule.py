"""The steps of a training, the order of its examples, and its learning rate."""

import math
from collections.abc import Sequence

import numpy as np

from xnai_pipelines.adapters.config import AdapterConfig

_MOST_VALIDATIONS = 10
_TRUSTED_SHARE = 0.1  # share of a time budget after which the rate so far predicts whether it suffices


def steps_of(examples: int, config: AdapterConfig) -> int:
    """Return the steps of a training on so many examples, by epochs and `max_steps`."""
    step = min(config.batch_size, examples) * config.gradient_accumulation
    steps = max(1, math.ceil(config.epochs * examples / step - 1e-9))
    return min(steps, config.max_steps or steps)


def validation_interval(steps: int, config: AdapterConfig) -> int:
    """Return the number of steps between validations: every epoch, at most ten times."""
    return math.ceil(steps / min(_MOST_VALIDATIONS, max(1, math.ceil(config.epochs))))


class Order:
    """Which examples make a batch, decided by the seed and the batch's number.

    Batches are cut from an endless sequence of shuffled epochs, so all have the same size. Up to `together` examples
    of a group follow each other.
    """

    def __init__(self, groups: Sequence[Sequence[int]], together: int, config: AdapterConfig) -> None:
        self._groups = groups
        self._together = together
        self._seed = config.seed
        self._examples = sum(map(len, groups))
        self._size = min(config.batch_size, self._examples)
        self._epochs: dict[int, list[int]] = {}

    def batch(self, number: int) -> list[int]:
        """Return the examples of a batch, counted from 0."""
        places = range(number * self._size, (number + 1) * self._size)
        return [self._epoch(place // self._examples)[place % self._examples] for place in places]

    def _epoch(self, number: int) -> list[int]:
        if number not in self._epochs:
            # a batch spans at most two epochs
            self._epochs = {kept: order for kept, order in self._epochs.items() if kept == number - 1}
            self._epochs[number] = self._shuffled(np.random.default_rng([self._seed, number]))
        return self._epochs[number]

    def _shuffled(self, random: np.random.Generator) -> list[int]:
        runs = []
        for group in self._groups:
            members = [group[place] for place in random.permutation(len(group))]
            runs += [members[start : start + self._together] for start in range(0, len(members), self._together)]
        return [member for place in random.permutation(len(runs)) for member in runs[place]]


def progress_share(step: int, steps: int, seconds: float, config: AdapterConfig) -> float:
    """Return the share of the training before the middle of its next step, 0 to 1.

    It is the share of the steps, or of the time if a time budget will end the training before its last step.
    """
    done = (step + 0.5) / steps
    if config.max_minutes is None:
        return done
    spent = seconds / (config.max_minutes * 60)
    late = spent > _TRUSTED_SHARE and spent > done
    return min(1.0, spent) if late else done


def learning_rate(share: float, config: AdapterConfig) -> float:
    """Return the learning rate after a share of the training."""
    if share < config.warmup:
        return config.learning_rate * share / config.warmup
    left = (1 - share) / (1 - config.warmup)
    if config.schedule == "linear":
        return config.learning_rate * left
    if config.schedule == "cosine":
        return config.learning_rate * 0.5 * (1 - math.cos(math.pi * left))
    return config.learning_rate
