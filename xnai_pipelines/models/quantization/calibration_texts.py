"""Calibration texts as batches of tokens."""

from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from xnai_pipelines.errors import QuantizationError
from xnai_pipelines.models.quantization.model import Transformer

if TYPE_CHECKING:
    import torch

BATCH_TOKENS = 4096  # max tokens of a batch, padding included
MIN_TEXTS = 16
ENOUGH_TEXTS = 256  # 768 gain .005 on MiniLM at 16x, for twice the time

Batch = dict[str, "torch.Tensor"]


def texts_sha256(texts: Sequence[str]) -> str:
    """Return the hash of calibration texts, which includes their order."""
    digest = sha256()
    for text in texts:
        encoded = text.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()


def choose_texts(texts: Sequence[str], seed: int) -> list[str]:
    """Return up to 256 of the texts that are not blank, drawn without replacement, in order.

    Raises:
        QuantizationError: There are too few.
    """
    written = [text for text in texts if text.strip()]
    if len(written) < MIN_TEXTS:
        raise QuantizationError(
            f"{len(written)} calibration texts are too few: at least {MIN_TEXTS} that are not blank are needed; "
            f"{ENOUGH_TEXTS} on different subjects are enough."
        )
    if len(written) <= ENOUGH_TEXTS:
        return written
    drawn = np.random.default_rng(seed).choice(len(written), ENOUGH_TEXTS, replace=False)
    return [written[i] for i in sorted(drawn)]


def tokenise(model: Transformer, texts: Sequence[str], max_length: int) -> list[Batch]:
    """Return batches of texts of similar length: input_ids and attention_mask, int64 [texts, tokens], padded right.

    Args:
        model: Model whose folder has the tokenizer.
        texts: One text or more.
        max_length: Max tokens of a text; longer ones are truncated, also to the model's max length.

    Raises:
        QuantizationError: The texts have fewer tokens than the widest linear layer has inputs.
    """
    ids = token_ids(model, texts, max_length)
    tokens = sum(map(len, ids))
    widest = max((linear.matrix_shape[1] for linear in model.linears), default=0)
    if tokens < widest:
        raise QuantizationError(
            f"The calibration texts have {tokens} tokens, fewer than the {widest} inputs of the widest layer, so its "
            f"Hessian is singular. Use more or longer texts; {ENOUGH_TEXTS} are enough."
        )
    return batches(ids)


def token_ids(model: Transformer, texts: Sequence[str], max_length: int) -> list[list[int]]:
    """Return the texts' token ids, each text truncated to max_length and to the model's max length."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model.folder, local_files_only=True)
    positions = getattr(model.network.config, "max_position_embeddings", None) or max_length
    limit = min(max_length, tokenizer.model_max_length, positions)
    ids = tokenizer(list(texts), truncation=True, max_length=limit, padding=False, verbose=False)["input_ids"]
    return [[int(token) for token in row] for row in ids if row]


def batches(ids: Sequence[Sequence[int]]) -> list[Batch]:
    """Return batches of at most 4,096 tokens, padding included, the shortest texts first."""
    import torch

    ordered = sorted(ids, key=len)
    groups: list[list[Sequence[int]]] = []
    for row in ordered:
        if not groups or (len(groups[-1]) + 1) * len(row) > BATCH_TOKENS:
            groups.append([])
        groups[-1].append(row)
    made = []
    for group in groups:
        shape = (len(group), len(group[-1]))
        batch = {"input_ids": torch.zeros(shape, dtype=torch.int64), "attention_mask": torch.zeros(shape).long()}
        for i, row in enumerate(group):
            batch["input_ids"][i, : len(row)] = torch.tensor(row)
            batch["attention_mask"][i, : len(row)] = 1
        made.append(batch)
    return made
