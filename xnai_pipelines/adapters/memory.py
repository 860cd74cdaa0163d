"""Time and memory of a training, estimated before it starts."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.adapters.encoder_objective import TOKENS_AT_ONCE, open_text_tokenizer
from xnai_pipelines.adapters.pairs import TrainingPair
from xnai_pipelines.adapters.schedule import steps_of
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.source import tokenizer_file
from xnai_pipelines.encoders.specification import read_specification
from xnai_pipelines.errors import AdaptationError
from xnai_pipelines.models.quantization.memory import available

_LIBRARIES = 700 << 20  # torch, transformers and PEFT, loaded
_STATES = 4  # values per trained value: itself, its gradient, two moments
_KEPT = (9, 2)  # values per token and block kept for the backward pass, in widths and inner widths; counted on MiniLM
_KEPT_BYTES = {"fp32": 4.0, "bf16": 3.3}  # bytes per value
_PEAK = 2  # peak over what is kept: work of the backward pass, memory freed in pieces; observed 1.5 to 2.4
_LOGITS = 4  # copies of a causal model's logits
_SAMPLED_TEXTS = 2000


@dataclass(frozen=True, slots=True)
class TrainingCost:
    """The cost of a training.

    Attributes:
        steps: Steps of the optimizer.
        tokens: Tokens that pass the network in all steps.
        memory_bytes: Peak memory of the process in bytes.
        seconds: Duration in seconds, None if no rate is known.
    """

    steps: int
    tokens: int
    memory_bytes: int
    seconds: float | None


def estimate(
    pairs: Sequence[TrainingPair], config: AdapterConfig, model_folder: Path, tokens_per_second: float | None = None
) -> TrainingCost:
    """Return the cost of training an encoder on pairs.

    Args:
        pairs: All pairs; the lengths of the first ones stand for all.
        config: The training's config.
        model_folder: The base's transformer.
        tokens_per_second: This machine's rate, from an adapter's metrics of an earlier training.

    Raises:
        AdaptationError: There are no pairs, or the folder has no config or tokenizer.
    """
    if not pairs:
        raise AdaptationError("There are no training pairs. Label questions, or let some be generated from documents.")
    tokenizer = _tokenizer(model_folder)
    sample = pairs[: max(1, _SAMPLED_TEXTS // (2 + len(pairs[0].negatives)))]
    a_pair = _tokens(sample, config, tokenizer) / len(sample)
    steps = steps_of(len(pairs), config)
    in_batch = min(config.batch_size, len(pairs))
    total = int(steps * in_batch * config.gradient_accumulation * a_pair)
    seconds = None if tokens_per_second is None else total / tokens_per_second
    if seconds is not None and config.max_minutes is not None:
        seconds = min(seconds, config.max_minutes * 60)
    # texts longer than the mean meet in a batch
    at_once = int(a_pair * in_batch * 1.15)
    if config.mini_batch is not None:
        at_once = min(at_once, tokens_at_once(config.mini_batch, config.passage_length))
    return TrainingCost(steps, total, needed_bytes(model_folder, config, at_once), seconds)


def _tokens(pairs: Sequence[TrainingPair], config: AdapterConfig, tokenizer: Any) -> int:
    """Return the tokens of an epoch; a passage counts once for the questions that share it in a batch."""
    together = Counter(pair.positive for pair in pairs)
    passages = Counter({text: math.ceil(count / config.questions_per_passage) for text, count in together.items()})
    passages.update(text for pair in pairs for text in pair.negatives)
    texts = [(pair.question, config.question_length) for pair in pairs]
    texts += [(text, config.passage_length) for text in passages.elements()]
    encoded = tokenizer.encode_batch_fast([text for text, _ in texts])
    return sum(min(len(found.ids), most) for found, (_, most) in zip(encoded, texts, strict=True))


def tokens_at_once(mini_batch: int | None, length: int) -> int:
    """Return the max tokens that pass the network together, if activations of no more are kept."""
    bound = max(TOKENS_AT_ONCE, length)
    return bound if mini_batch is None else min(bound, mini_batch * length)


def needed_bytes(model_folder: Path, config: AdapterConfig, tokens: int, vocabulary: int = 0) -> int:
    """Return the peak memory in bytes of a process that keeps the activations of so many tokens.

    `vocabulary` is the size of a causal model's vocabulary, the width of its logits; 0 for an encoder.

    Raises:
        AdaptationError: The folder's config.json is missing or gives no width.
    """
    shape = read_shape(model_folder)
    weights = sum(path.stat().st_size for path in model_folder.glob("model*.safetensors"))
    width, blocks, inner = shape["width"], shape["blocks"], shape["inner"]
    trained = config.rank * (blocks * (4 * 2 * width + 2 * (width + inner)) + width + shape["vocabulary"])
    kept = _PEAK * tokens * blocks * (_KEPT[0] * width + _KEPT[1] * inner) * _KEPT_BYTES[config.precision]
    return _LIBRARIES + weights + trained * _STATES * 4 + int(kept) + tokens * vocabulary * 4 * _LOGITS


def _tokenizer(model_folder: Path) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(tokenizer_file(model_folder)))
    except FileNotFoundError:  # an old model, which only transformers can read
        return open_text_tokenizer(read_specification(model_folder, Runtime.FP32)).whole
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def check_memory(needed: int, advice: str) -> None:
    """Raise if a training needs more memory than is free.

    Raises:
        AdaptationError: More is needed than is free; the message has both figures.
    """
    free = available()
    if free is not None and needed - _LIBRARIES > free:
        raise AdaptationError(
            f"The training needs about {needed >> 20} MiB of memory; {free >> 20} MiB are free. {advice}"
        )


def read_shape(model_folder: Path) -> dict[str, int]:
    """Return a transformer's width, blocks, inner width and vocabulary from its config.json.

    Raises:
        AdaptationError: The file is missing or lacks one of them.
    """
    try:
        config: dict[str, Any] = json.loads((model_folder / "config.json").read_text(encoding="utf-8"))
        width = _first(config, "hidden_size", "d_model", "dim", "n_embd")
        blocks = _first(config, "num_hidden_layers", "n_layer", "n_layers", "num_layers")
    except (OSError, ValueError) as error:
        raise AdaptationError(f"{model_folder / 'config.json'} does not give the model's shape: {error}.") from error
    inner = next((config[key] for key in ("intermediate_size", "n_inner", "hidden_dim") if config.get(key)), 4 * width)
    return {"width": width, "blocks": blocks, "inner": int(inner), "vocabulary": int(config.get("vocab_size") or 0)}


def _first(config: dict[str, Any], *keys: str) -> int:
    for key in keys:
        if isinstance(config.get(key), int):
            return int(config[key])
    raise ValueError(f"it has none of {', '.join(keys)}")
