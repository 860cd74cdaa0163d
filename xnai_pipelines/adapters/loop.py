"""The training loop of both tasks: steps, validations, checkpoints, and how it ends."""

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from xnai_pipelines.adapters.checkpoint import TrainingState, load_checkpoint, save_checkpoint
from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.adapters.encoder_objective import random_state, set_random_state
from xnai_pipelines.adapters.progress import Curve, TrainingStep, Validation
from xnai_pipelines.adapters.schedule import Order, learning_rate, progress_share, steps_of, validation_interval
from xnai_pipelines.errors import AdaptationError

if TYPE_CHECKING:
    import torch

_LARGEST_GRADIENT = 1.0  # norm over all parameters; longer gradients are clipped to it


class Objective(Protocol):
    """A task's examples and loss."""

    @property
    def groups(self) -> Sequence[Sequence[int]]:
        """The numbers of all training examples; those that share work in a batch are together."""

    def tokens(self, numbers: Sequence[int]) -> int:
        """Return the number of tokens that pass the network for a batch."""

    def backward(self, batches: Sequence[Sequence[int]]) -> float:
        """Add the gradients of the mean loss of batches to the parameters; return the loss."""

    def validate(self) -> Validation | None:
        """Return the figures of the validation examples, None if there are none."""


class TrainingLoop:
    """Trains the parameters of a network: steps, validations and checkpoints.

    On a CPU the result is the same bit by bit, however often the training was killed.
    """

    def __init__(
        self,
        objective: Objective,
        network: "torch.nn.Module",
        parameters: "dict[str, torch.nn.Parameter]",
        config: AdapterConfig,
        device: str,
    ) -> None:
        import torch

        self._objective, self._network, self._parameters = objective, network, parameters
        self._config, self._device = config, device
        self._examples = sum(map(len, objective.groups))
        self._steps = steps_of(self._examples, config)
        self._order = Order(objective.groups, config.questions_per_passage, config)
        self._optimizer = torch.optim.AdamW(parameters.values(), lr=config.learning_rate, weight_decay=0.0)
        self._state = TrainingState(step=0, seconds=0.0, tokens=0, token_seconds=0.0, curve=Curve())

    def run(
        self, checkpoints: Path, checkpoint_seconds: float, progress: Callable[[TrainingStep], None]
    ) -> TrainingState:
        """Train, from the newest checkpoint if there is one, and return the final state.

        Raises:
            AdaptationError: The loss or its gradient is not finite.
        """
        if not self._resumed(checkpoints):
            progress(self._before())
        state, interval = self._state, validation_interval(self._steps, self._config)
        begun = time.monotonic() - state.seconds
        saved = time.monotonic()
        while state.step < self._steps and not self._is_out_of_time():
            loss, rate = self._step()
            state.seconds = time.monotonic() - begun
            state.curve.add_step(state.step, loss, rate, state.seconds)
            if state.step == self._steps:
                break
            validation = None
            if state.step % interval == 0:
                validation = self._validated()
                state.seconds = time.monotonic() - begun
            progress(self._told(self._steps, validation))
            if time.monotonic() - saved >= checkpoint_seconds:
                random = random_state(self._device)
                save_checkpoint(checkpoints, state, self._parameters, self._optimizer, random)
                saved = time.monotonic()
        validation = self._validated()
        state.seconds = time.monotonic() - begun
        progress(self._told(state.step, validation))
        return state

    def _resumed(self, checkpoints: Path) -> bool:
        """Go back to the newest checkpoint; return whether there is one."""
        found = load_checkpoint(checkpoints, self._parameters, self._optimizer)
        if found is None:
            return False
        self._state, random = found
        set_random_state(random, self._device)
        return True

    def _is_out_of_time(self) -> bool:
        limit = self._config.max_minutes
        return limit is not None and self._state.step > 0 and self._state.seconds >= limit * 60

    def _step(self) -> tuple[float, float]:
        """Take a step; return its loss and learning rate."""
        import torch

        started = time.monotonic()
        config, state = self._config, self._state
        rate = learning_rate(progress_share(state.step, self._steps, state.seconds, config), config)
        _set_dropout(self._network, on=True)
        each = config.gradient_accumulation
        batches = [self._order.batch(state.step * each + number) for number in range(each)]
        loss = self._objective.backward(batches)
        norm = float(torch.nn.utils.clip_grad_norm_(self._parameters.values(), _LARGEST_GRADIENT))
        if not math.isfinite(loss) or not math.isfinite(norm):
            what = f"loss is {loss}" if not math.isfinite(loss) else f"norm of the gradient is {norm}"
            raise AdaptationError(
                f"In step {state.step + 1} of {self._steps} the {what}, so no adapter was made. Lower learning_rate "
                f"({config.learning_rate:g}), raise warmup ({config.warmup:g})"
                + (", or train in fp32." if config.precision == "bf16" else ", or look for damaged texts in the data.")
            )
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        state.step += 1
        state.tokens += sum(self._objective.tokens(numbers) for numbers in batches)
        state.token_seconds += time.monotonic() - started
        return loss, rate

    def _before(self) -> TrainingStep:
        """Return the figures before the first step."""
        started = time.monotonic()
        figures = self._validated()
        self._state.seconds = time.monotonic() - started
        return TrainingStep(
            step=0,
            steps=self._steps,
            loss=None,
            learning_rate=0.0,
            pairs_per_second=0.0,
            seconds_left=None,
            validation=figures,
        )

    def _validated(self) -> Validation | None:
        _set_dropout(self._network, on=False)
        figures = self._objective.validate()
        if figures is not None:
            self._state.curve.add_validation(self._state.step, figures)
        return figures

    def _told(self, steps: int, validation: Validation | None) -> TrainingStep:
        """Return the last step as one of so many."""
        config, state = self._config, self._state
        last = state.curve.steps[-1]
        a_step = min(config.batch_size, self._examples) * config.gradient_accumulation
        left = state.seconds / state.step * (steps - state.step)
        if config.max_minutes is not None:
            left = min(left, max(0.0, config.max_minutes * 60 - state.seconds))
        return TrainingStep(
            step=state.step,
            steps=steps,
            loss=last["loss"],
            learning_rate=last["learning_rate"],
            pairs_per_second=state.step * a_step / max(state.token_seconds, 1e-9),
            seconds_left=left,
            validation=validation,
        )


def _set_dropout(network: "torch.nn.Module", *, on: bool) -> None:
    # only the adapter's: the base network's own dropout, which other trainers leave on, costs time and stays off
    for name, module in network.named_modules():
        if "lora_dropout" in name:
            module.train(on)
