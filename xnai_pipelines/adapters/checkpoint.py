"""Checkpoints of a training: all it takes to resume with the same result."""

import json
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xnai_pipelines.adapters.progress import Curve
from xnai_pipelines.errors import DamagedArtefactError
from xnai_pipelines.state.artefacts import publish_artefact, read_card

if TYPE_CHECKING:
    import torch

_WEIGHTS = "adapter.safetensors"
_OPTIMIZER = "optimizer.safetensors"
_CURVE = "curve.json"
_MOMENTS = ("exp_avg", "exp_avg_sq", "step")

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class TrainingState:
    """The state of a training: steps done, seconds and tokens spent so far, and its curve.

    `tokens` and `token_seconds` exclude the validations.
    """

    step: int
    seconds: float
    tokens: int
    token_seconds: float
    curve: Curve


def save_checkpoint(
    folder: Path,
    state: TrainingState,
    parameters: "dict[str, torch.nn.Parameter]",
    optimizer: "torch.optim.Optimizer",
    random: "torch.Tensor",
) -> None:
    """Write a checkpoint atomically, then remove the one before it."""
    from safetensors.torch import save_file

    def fill(empty: Path) -> dict[str, Any]:
        save_file({name: value.detach().cpu().contiguous() for name, value in parameters.items()}, empty / _WEIGHTS)
        moments = {
            f"{name}:{moment}": optimizer.state[value][moment].detach().cpu().contiguous()
            for name, value in parameters.items()
            for moment in _MOMENTS
        }
        save_file({**moments, "random": random.cpu()}, empty / _OPTIMIZER)
        (empty / _CURVE).write_text(json.dumps(state.curve.to_json()), encoding="utf-8")
        return {
            "step": state.step,
            "seconds": state.seconds,
            "tokens": state.tokens,
            "token_seconds": state.token_seconds,
        }

    written = publish_artefact(folder / f"step-{state.step:08d}", fill)
    for other in _checkpoints(folder):
        if other != written:
            shutil.rmtree(other)
            (folder / f".{other.name}.lock").unlink(missing_ok=True)


def load_checkpoint(
    folder: Path, parameters: "dict[str, torch.nn.Parameter]", optimizer: "torch.optim.Optimizer"
) -> "tuple[TrainingState, torch.Tensor] | None":
    """Return the state of the newest complete checkpoint and its random numbers, None if there is none.

    Parameters and the optimizer's moments are set from it.
    """
    import torch
    from safetensors.torch import load_file

    for found in reversed(_checkpoints(folder)):
        try:
            card = read_card(found)
            weights, moments = load_file(found / _WEIGHTS), load_file(found / _OPTIMIZER)
            curve = json.loads((found / _CURVE).read_text(encoding="utf-8"))
            state = TrainingState(
                step=card["step"],
                seconds=card["seconds"],
                tokens=card["tokens"],
                token_seconds=card["token_seconds"],
                curve=Curve(**curve),
            )
        except (DamagedArtefactError, OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("The checkpoint %s cannot be used: %s", found, error)
            continue
        with torch.no_grad():
            for name, value in parameters.items():
                value.copy_(weights[name])
                optimizer.state[value] = {moment: moments[f"{name}:{moment}"] for moment in _MOMENTS}
                for moment in _MOMENTS[:2]:
                    optimizer.state[value][moment] = optimizer.state[value][moment].to(value.device)
        return state, moments["random"]
    return None


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"))
