"""How well a causal language model predicts held-out text."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from xnai_pipelines.encoders.stored.tensor import QuantizedModel
from xnai_pipelines.errors import QuantizationError
from xnai_pipelines.models.quantization.calibration_texts import batches, token_ids
from xnai_pipelines.models.quantization.model import load_transformer

_MAX_TOKENS = 256  # of a text


def _silent(texts: int) -> None:
    """Report nothing."""


def perplexity(
    folder: Path,
    texts: Sequence[str],
    quantized: QuantizedModel | None = None,
    *,
    progress: Callable[[int], None] = _silent,
) -> float:
    """Return exp of the mean negative log likelihood per token: 1 is certainty, the vocabulary's size a blind guess.

    Args:
        folder: Folder of a causal language model.
        texts: Texts held out from training and calibration; all tokens but the first of each are predicted.
        quantized: The folder's model in few bits, whose weights replace its own; None for the model itself.
        progress: Called with the number of texts of each batch that was read.

    Raises:
        QuantizationError: The model is not causal, the quantized one is another, or there is no token to predict.
    """
    model = load_transformer(folder)
    import torch

    if not model.causal:
        raise QuantizationError(f"{folder} is not a causal language model: its config.json names no such architecture.")
    if quantized is not None:
        model.replace(quantized.weights())
    total, count = 0.0, 0
    for batch in batches([row for row in token_ids(model, texts, _MAX_TOKENS) if len(row) > 1]):
        with torch.inference_mode():
            logits = model.network(**batch, use_cache=False).logits[:, :-1]
            predicted = batch["attention_mask"][:, 1:].bool()
            loss = torch.nn.functional.cross_entropy(
                logits[predicted].float(), batch["input_ids"][:, 1:][predicted], reduction="sum"
            )
        total, count = total + float(loss), count + int(predicted.sum())
        progress(len(predicted))
    if not count:
        raise QuantizationError("The held-out texts have no token to predict. Use texts of two or more tokens.")
    return math.exp(total / count)
