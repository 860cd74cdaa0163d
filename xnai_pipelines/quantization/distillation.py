"""Distillation: training a quantized model's codes until its outputs come close to the full model's again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from xnai_pipelines.quantization.calibration import Batch
from xnai_pipelines.quantization.model import Transformer, load_transformer, put
from xnai_pipelines.quantization.sensitivity import output_vectors
from xnai_pipelines.quantization.tensor import QuantizedTensor, spread

if TYPE_CHECKING:
    import torch

_TEXTS = 32  # a step
_CODE_RATE = 2e-3  # Adam's, in code units
_FLOAT_RATE = 5e-4  # Adam's, for norms and biases
_NEAREST = 0.49  # code units that a weight may start from its code
_DIRECTION = 3.0  # weight of 1 - cosine beside the relative error of the hidden states


def distil(
    model: Transformer,
    tensors: Mapping[str, QuantizedTensor],
    batches: Sequence[Batch],
    steps: int,
    done: Callable[[str], None],
) -> dict[str, QuantizedTensor]:
    """Return the tensors with trained codes; they, and trained norms and biases, are put into the model.

    A weight is its code times its scale, and the code is the rounding of a latent value that starts at the full
    model's weight, no further than 0.49 from the code it has; rounding passes gradients on as they are (straight-
    through; Bengio et al. 2013, arXiv:1308.3432). The loss is 3 (1 - cosine) of the outputs to the full model's plus
    the relative squared error of the last hidden states. Scales stay as they are: trained, they would no
    longer compress.

    Args:
        model: With the tensors' weights in it.
        tensors: Of any method with codes.
        batches: Calibration texts.
        steps: Of Adam, each on 32 texts.
        done: Is told of every step.
    """
    import torch

    body = model.network.base_model
    prefix = next(f"{name}." if name else "" for name, module in model.network.named_modules() if module is body)
    teacher = load_transformer(model.folder)
    full = dict(teacher.tensors())
    latents = {
        name: _Latent.of(tensor, full[name].numpy())
        for name, tensor in tensors.items()
        if tensor.codes is not None and name.startswith(prefix)
    }
    floats = {
        name: parameter.detach().clone().requires_grad_()
        for name, parameter in model.network.named_parameters()
        if name.startswith(prefix) and name not in tensors and name not in model.skipped
    }
    optimizer = torch.optim.Adam(
        [
            {"params": [latent.values for latent in latents.values()], "lr": _CODE_RATE},
            {"params": list(floats.values()), "lr": _FLOAT_RATE},
        ]
    )
    # Down to a tenth, so that codes settle.
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, steps)
    with torch.inference_mode():
        targets = [_hidden(teacher, batch) for batch in batches]
    draws = _draw(batches, steps)
    for step, (number, rows) in enumerate(draws):
        batch = {key: value[rows] for key, value in batches[number].items()}
        weights = {name: latent.weight() for name, latent in latents.items()} | floats
        with torch.enable_grad():
            hidden = _hidden(model, batch, {name.removeprefix(prefix): value for name, value in weights.items()})
            loss = _loss(model, hidden, targets[number][rows].clone(), batch["attention_mask"].bool())
            optimizer.zero_grad()
            loss.backward()
        optimizer.step()
        schedule.step()
        done(f"distillation step {step + 1}")
    trained = {name: latent.tensor() for name, latent in latents.items()}
    own = dict(model.tensors())
    for name, tensor in trained.items():
        put(own[name], tensor.restored())
    for name, value in floats.items():
        put(own[name], value.detach().numpy())
    return {**tensors, **trained}


@dataclass(frozen=True, slots=True, eq=False)
class _Latent:
    """A tensor whose codes are trained.

    Attributes:
        start: As it was quantized.
        values: The latent codes, float32 [r, c], in stored order.
        scales: float32 [r, 1], [1, 1] or spread over the columns.
        zero_points: Likewise.
        back: int64 [c]: the stored column of each of the matrix's columns; None where the order is the same.
    """

    start: QuantizedTensor
    values: "torch.Tensor"
    scales: "torch.Tensor"
    zero_points: "torch.Tensor"
    back: "torch.Tensor | None"

    @classmethod
    def of(cls, tensor: QuantizedTensor, weight: np.ndarray) -> "_Latent":
        """Return the latents of a tensor that was quantized from `weight`."""
        import torch

        if tensor.codes is None or tensor.scales is None:
            raise ValueError(f"{tensor.name} has no codes to train.")
        columns = tensor.codes.shape[1]
        scales = spread(tensor.scales.astype(np.float32), columns, tensor.group_size)
        zero_points = np.zeros((1, 1), np.float32)
        if tensor.zero_points is not None:
            zero_points = spread(tensor.zero_points.astype(np.float32), columns, tensor.group_size)
        missing = (weight - tensor.restored()).reshape(tensor.codes.shape)
        if tensor.column_scales is not None:
            missing = missing * tensor.column_scales
        back = None
        if tensor.permutation is not None:
            missing = missing[:, tensor.permutation]
            back = torch.from_numpy(np.argsort(tensor.permutation))
        with np.errstate(divide="ignore", invalid="ignore"):
            offset = np.nan_to_num(missing / scales, posinf=0, neginf=0).clip(-_NEAREST, _NEAREST)
        values = torch.from_numpy((tensor.codes + offset).astype(np.float32)).requires_grad_()
        return cls(tensor, values, torch.from_numpy(scales), torch.from_numpy(zero_points), back)

    def codes(self) -> "torch.Tensor":
        """Return the rounded latents, within the width of a code."""
        rounded = self.values.detach().round()
        if self.start.bits is None:
            return rounded
        lowest = -(1 << (self.start.bits - 1)) if self.start.symmetric else 0
        return rounded.clamp(lowest, lowest + (1 << self.start.bits) - 1)

    def weight(self) -> "torch.Tensor":
        """Return the weights that the codes stand for, with the gradient of the latents."""
        import torch

        codes = self.values + (self.codes() - self.values.detach())
        weight = (codes - self.zero_points) * self.scales
        if self.back is not None:
            weight = weight[:, self.back]
        if self.start.column_scales is not None:
            weight = weight / torch.from_numpy(self.start.column_scales)
        if self.start.column_offsets is not None:
            weight = weight + torch.from_numpy(self.start.column_offsets)
        return weight.reshape(self.start.shape)

    def tensor(self) -> QuantizedTensor:
        """Return the tensor with the codes it has now."""
        return replace(self.start, codes=self.codes().numpy().astype(np.int32))


def _draw(batches: Sequence[Batch], steps: int) -> Iterator[tuple[int, Any]]:
    """Yield a batch's number and up to 32 of its rows a step; every text is as likely as any other."""
    import torch

    generator = np.random.default_rng(0)
    sizes = np.array([len(batch["input_ids"]) for batch in batches])
    for _ in range(steps):
        number = int(generator.choice(len(batches), p=sizes / sizes.sum()))
        rows = generator.choice(sizes[number], min(_TEXTS, int(sizes[number])), replace=False)
        yield number, torch.from_numpy(np.sort(rows))


def _hidden(model: Transformer, batch: Batch, weights: "dict[str, torch.Tensor] | None" = None) -> "torch.Tensor":
    """Return the last hidden states, float32 [texts, tokens, dimension], with other weights where they are given."""
    import torch

    more = {"use_cache": False} if model.causal else {}
    with torch.autocast("cpu", torch.bfloat16, enabled=torch.cpu._is_avx512_bf16_supported()):
        output = torch.func.functional_call(model.network.base_model, weights or {}, kwargs={**batch, **more})
    hidden: torch.Tensor = output[0].float()
    return hidden


def _loss(model: Transformer, hidden: "torch.Tensor", target: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
    cosine = (output_vectors(model, hidden, mask) * output_vectors(model, target, mask)).sum(dim=-1).mean()
    error = (hidden - target)[mask].square().sum() / target[mask].square().sum()
    loss: torch.Tensor = _DIRECTION * (1 - cosine) + error
    return loss
