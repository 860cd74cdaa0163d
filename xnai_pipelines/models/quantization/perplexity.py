"""How well a causal language model predicts held-out text."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from xnai_pipelines.encoders.stored.quantized import QuantizedModel
from xnai_pipelines.errors import QuantizationError
from xnai_pipelines.models.quantization.calibration_texts import batches, token_ids
from xnai_pipelines.models.quantization.model import load_transformer


def _silent(texts: int) -> None:
    """Report nothing."""


def perplexity(
    folder: Path,
    texts: Sequence[str],
    quantized: QuantizedModel | None = None,
    *,
    max_length: int = 256,
    progress: Callable[[int], None] = _silent,
) -> float:
    """Return exp of the mean negative log likelihood a token: 1 is certainty, the vocabulary's size a blind guess.

    Args:
        folder: A causal language model.
        texts: Held out from training and calibration; the first token of each is given, all others are predicted.
        quantized: The folder's model in few bits, whose weights take the place of its own; None for the model itself.
        max_length: Tokens of a text that are read.
        progress: Called with the number of texts of each batch after it was read.

    Raises:
        QuantizationError: The model is no causal one, the quantized one is another, or no token is to be predicted.
    """
    model = load_transformer(folder)
    import torch

    if not model.causal:
        raise QuantizationError(f"{folder} is no causal language model: its config.json names no architecture of one.")
    if quantized is not None:
        model.replace(quantized.weights())
    total, count = 0.0, 0
    for batch in batches([row for row in token_ids(model, texts, max_length) if len(row) > 1]):
        with torch.inference_mode():
            logits = model.network(**batch, use_cache=False).logits[:, :-1]
            predicted = batch["attention_mask"][:, 1:].bool()
            loss = torch.nn.functional.cross_entropy(
                logits[predicted].float(), batch["input_ids"][:, 1:][predicted], reduction="sum"
            )
        total, count = total + float(loss), count + int(predicted.sum())
        progress(len(predicted))
    if not count:
        raise QuantizationError("The held-out texts hold no token to predict: give texts of two tokens or more.")
    return math.exp(total / count)
