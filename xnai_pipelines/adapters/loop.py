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


def run_training(
    objective: Objective,
    network: "torch.nn.Module",
    *,
    parameters: "dict[str, torch.nn.Parameter]",
    config: AdapterConfig,
    device: str,
    checkpoints: Path,
    checkpoint_seconds: float,
    progress: Callable[[TrainingStep], None],
) -> TrainingState:
    """Train the parameters, from the newest checkpoint if there is one, and return the final state.

    On a CPU the result is the same bit by bit, however often the training was killed.

    Raises:
        AdaptationError: The loss or its gradient is not finite.
    """
    import torch

    optimizer = torch.optim.AdamW(parameters.values(), lr=config.learning_rate, weight_decay=0.0)
    examples = sum(map(len, objective.groups))
    steps = steps_of(examples, config)
    order = Order(objective.groups, config.questions_per_passage, config)
    interval = validation_interval(steps, config)
    found = load_checkpoint(checkpoints, parameters, optimizer)
    if found is None:
        state = TrainingState(step=0, seconds=0.0, tokens=0, token_seconds=0.0, curve=Curve())
        _validate(objective, network, state=state, steps=steps, progress=progress)
    else:
        state, random = found
        set_random_state(random, device)
    begun = time.monotonic() - state.seconds
    saved = time.monotonic()
    while state.step < steps:
        started = time.monotonic()
        if config.max_minutes is not None and state.step and state.seconds >= config.max_minutes * 60:
            break
        rate = learning_rate(progress_share(state.step, steps, state.seconds, config), config)
        loss, tokens = _step(
            objective,
            network,
            parameters=parameters,
            optimizer=optimizer,
            config=config,
            order=order,
            done=state.step,
            steps=steps,
            rate=rate,
        )
        state.step += 1
        state.tokens += tokens
        state.token_seconds += time.monotonic() - started
        state.seconds = time.monotonic() - begun
        state.curve.add_step(state.step, loss, rate, state.seconds)
        validation = None
        if state.step % interval == 0 and state.step != steps:
            validation = _figures(objective, network, state)
            state.seconds = time.monotonic() - begun
        if state.step < steps:
            progress(_told(state, steps, loss=loss, rate=rate, config=config, examples=examples, validation=validation))
            if time.monotonic() - saved >= checkpoint_seconds:
                save_checkpoint(
                    checkpoints, state, parameters=parameters, optimizer=optimizer, random=random_state(device)
                )
                saved = time.monotonic()
    validation = _figures(objective, network, state)
    state.seconds = time.monotonic() - begun
    last = state.curve.steps[-1]
    progress(
        _told(
            state,
            state.step,
            loss=last["loss"],
            rate=last["learning_rate"],
            config=config,
            examples=examples,
            validation=validation,
        )
    )
    return state


def _step(
    objective: Objective,
    network: "torch.nn.Module",
    *,
    parameters: "dict[str, torch.nn.Parameter]",
    optimizer: "torch.optim.Optimizer",
    config: AdapterConfig,
    order: Order,
    done: int,
    steps: int,
    rate: float,
) -> tuple[float, int]:
    import torch

    _set_dropout(network, on=True)
    each = config.gradient_accumulation
    batches = [order.batch(done * each + number) for number in range(each)]
    loss = objective.backward(batches)
    norm = float(torch.nn.utils.clip_grad_norm_(parameters.values(), _LARGEST_GRADIENT))
    if not math.isfinite(loss) or not math.isfinite(norm):
        what = f"loss is {loss}" if not math.isfinite(loss) else f"norm of the gradient is {norm}"
        raise AdaptationError(
            f"In step {done + 1} of {steps} the {what}, so no adapter was made. Lower learning_rate "
            f"({config.learning_rate:g}), raise warmup ({config.warmup:g})"
            + (", or train in fp32." if config.precision == "bf16" else ", or look for damaged texts in the data.")
        )
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss, sum(objective.tokens(numbers) for numbers in batches)


def _set_dropout(network: "torch.nn.Module", *, on: bool) -> None:
    # only the adapter's: the base network's own dropout, which other trainers leave on, costs time and stays off
    for name, module in network.named_modules():
        if "lora_dropout" in name:
            module.train(on)


def _figures(objective: Objective, network: "torch.nn.Module", state: TrainingState) -> Validation | None:
    _set_dropout(network, on=False)
    figures = objective.validate()
    if figures is not None:
        state.curve.add_validation(state.step, figures)
    return figures


def _validate(
    objective: Objective,
    network: "torch.nn.Module",
    state: TrainingState,
    steps: int,
    progress: Callable[[TrainingStep], None],
) -> None:
    """Measure before the first step."""
    started = time.monotonic()
    figures = _figures(objective, network, state)
    state.seconds = time.monotonic() - started
    progress(
        TrainingStep(
            step=0,
            steps=steps,
            loss=None,
            learning_rate=0.0,
            pairs_per_second=0.0,
            seconds_left=None,
            validation=figures,
        )
    )


def _told(
    state: TrainingState,
    steps: int,
    *,
    loss: float,
    rate: float,
    config: AdapterConfig,
    examples: int,
    validation: Validation | None,
) -> TrainingStep:
    a_step = min(config.batch_size, examples) * config.gradient_accumulation
    left = state.seconds / state.step * (steps - state.step)
    if config.max_minutes is not None:
        left = min(left, max(0.0, config.max_minutes * 60 - state.seconds))
    return TrainingStep(
        step=state.step,
        steps=steps,
        loss=loss,
        learning_rate=rate,
        pairs_per_second=state.step * a_step / max(state.token_seconds, 1e-9),
        seconds_left=left,
        validation=validation,
    )
