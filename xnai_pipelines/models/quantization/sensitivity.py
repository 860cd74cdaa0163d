"""How much a model's output depends on each output of its linear layers."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.models.quantization.calibration_texts import Batch
from xnai_pipelines.models.quantization.model import Transformer

if TYPE_CHECKING:
    import torch

_TEXTS = 64  # number of calibration texts: enough for a mean over their tokens


def output_sensitivity(model: Transformer, batches: Sequence[Batch]) -> dict[str, NDArray[np.float64]]:
    """Return, by linear layer, the mean squared derivative of the model's output by each output, float64 [outputs].

    The model's output is the unit vector of a text's mean last hidden state, or for a language model each token's last
    hidden state. The squared length of its derivative equals, in the mean, that of its product with a random normal
    vector (Hutchinson's estimator), so one backward pass gives it for all layers. Averaged over the tokens this is the
    diagonal of the layer's output factor in K-FAC (Martens and Grosse 2015, arXiv:1503.05671, section 3). Layers that
    the texts do not reach are missing.
    """
    import torch

    summed: dict[str, Any] = {}
    mask: Any = None

    def after(name: str) -> Callable[[Any, Any, Any], None]:
        def add(gradient: Any) -> None:
            rows = gradient[mask] if gradient.shape[:2] == mask.shape else gradient.flatten(0, -2)
            summed[name] = summed.get(name, 0) + rows.double().square().sum(dim=0)

        def watch(_: Any, __: Any, output: Any) -> None:
            if output.requires_grad:
                output.register_hook(add)

        return watch

    def begin(_: Any, __: Any, output: Any) -> Any:
        return output.detach().requires_grad_()

    generator = torch.Generator().manual_seed(0)
    with ExitStack() as stack:
        for linear in model.linears:
            stack.callback(linear.module.register_forward_hook(after(linear.name)).remove)
        for embedding in model.embeddings:
            stack.callback(embedding.module.register_forward_hook(begin).remove)
        stack.enter_context(torch.enable_grad())
        for batch in batches:
            share = max(1, round(_TEXTS * len(batch["input_ids"]) / sum(len(each["input_ids"]) for each in batches)))
            some = {key: value[:share] for key, value in batch.items()}
            mask = some["attention_mask"].bool()
            with torch.autocast("cpu", torch.bfloat16, enabled=torch.cpu._is_avx512_bf16_supported()):
                hidden = model.network.base_model(**some, **({"use_cache": False} if model.causal else {}))[0]
            vectors = output_vectors(model, hidden.float(), mask)
            (vectors * torch.randn(vectors.shape, generator=generator)).sum().backward()
    return {name: total.numpy() for name, total in summed.items()}


def output_vectors(model: Transformer, hidden: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
    """Return the unit vectors by which two models are compared: the mean over a text's tokens, or each token's own.

    Args:
        model: The model; a language model's tokens count each, an encoder's texts.
        hidden: Last hidden states, float32 [texts, tokens, dimension].
        mask: bool [texts, tokens], false for padding.
    """
    import torch

    if model.causal:
        return torch.nn.functional.normalize(hidden[mask], dim=-1)
    weights = mask[..., None].float()
    return torch.nn.functional.normalize((hidden * weights).sum(dim=1) / weights.sum(dim=1), dim=-1)
