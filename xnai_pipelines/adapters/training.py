"""An adapter from a base and data: trained once, resumed after a kill, published atomically."""

import json
import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xnai_pipelines.adapters.adapter import CURVE_FILE, Adapter, load_adapter
from xnai_pipelines.adapters.causal_objective import CausalObjective
from xnai_pipelines.adapters.checkpoint import TrainingState
from xnai_pipelines.adapters.config import AdapterConfig, Task, adapter_id
from xnai_pipelines.adapters.conversations import Conversation, conversations_sha256
from xnai_pipelines.adapters.encoder_objective import EncoderObjective, TextNetwork, open_text_tokenizer
from xnai_pipelines.adapters.loop import Objective, TrainingLoop
from xnai_pipelines.adapters.memory import check_memory, estimate, needed_bytes, read_shape, tokens_at_once
from xnai_pipelines.adapters.network import attach, base_sha256, open_network, save_adapter, trained_parameters
from xnai_pipelines.adapters.pairs import TrainingPair, pairs_sha256
from xnai_pipelines.adapters.progress import TrainingStep
from xnai_pipelines.encoders.runtime import cpu_flags
from xnai_pipelines.encoders.source import encoder_name
from xnai_pipelines.encoders.specification import EncoderSpec
from xnai_pipelines.errors import AdaptationError
from xnai_pipelines.extras import require
from xnai_pipelines.models.quantization.model import is_causal
from xnai_pipelines.state.artefacts import publish_artefact
from xnai_pipelines.state.full_memory import is_of_full_memory

if TYPE_CHECKING:
    from peft import PeftModel

_TRAINING = ".training"
_LIBRARIES = ("torch", "peft", "transformers", "safetensors", "tokenizers")
_LESS_MEMORY = {
    Task.ENCODER: "Set mini_batch to a few texts (16), or lower batch_size or passage_length.",
    Task.CAUSAL: "Lower batch_size (and raise gradient_accumulation), mini_batch, or max_length.",
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How an adapter is trained.

    Attributes:
        config: Config of the training.
        folder: Root folder of all adapters.
        threads: Threads of torch.
        progress: Called after each step.
        checkpoint_seconds: Seconds between two checkpoints.
    """

    config: AdapterConfig
    folder: Path
    threads: int
    progress: Callable[[TrainingStep], None]
    checkpoint_seconds: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """What is trained.

    Attributes:
        identity: Id of the adapter.
        source: Folder of the base.
        task: The task.
        card: What the card says of base and data.
        check: Raises if there is too little memory.
        make: Returns the objective over the adapted network, on a device.
    """

    identity: str
    source: Path
    task: Task
    card: dict[str, Any]
    check: Callable[[], None]
    make: Callable[["PeftModel", str], Objective]


def train_encoder(
    base: EncoderSpec,
    pairs: Sequence[TrainingPair],
    training: Training,
    *,
    validation: Sequence[TrainingPair],
    documents: Sequence[str],
) -> Adapter:
    """Return folder/<adapter_id>, trained on pairs first if it is missing or damaged.

    Args:
        base: Base model to adapt, in any variant.
        pairs: Training pairs.
        training: How it is trained.
        validation: Pairs of other documents, measured during training; may be empty.
        documents: Ids of all training documents, for the card.

    Raises:
        AdaptationError: There are too few pairs or too little memory, a target module does not exist, or the loss is
            not finite. No adapter is left.
    """
    _check_trainable(base, pairs)
    data, config = pairs_sha256(pairs), training.config

    def make(adapted: "PeftModel", device: str) -> EncoderObjective:
        tokenizer = open_text_tokenizer(base)
        return EncoderObjective(
            TextNetwork(adapted, pooling=base.pooling, precision=config.precision, device=device),
            lambda text, length: tokenizer.encode(text, min(length, base.max_length)),
            pairs=pairs,
            validation=validation,
            config=config,
            question_prefix=base.query_prefix,
            passage_prefix=base.passage_prefix,
        )

    def check() -> None:
        check_memory(estimate(pairs, config, base.source).memory_bytes, _LESS_MEMORY[Task.ENCODER])

    card = {
        "task": Task.ENCODER,
        "base": {"name": encoder_name(base.source), "sha256": base.weights_sha256, "dimension": base.dimension},
        "data": {
            "sha256": data,
            "pairs": len(pairs),
            "validation_pairs": len(validation),
            "documents": sorted(set(documents)),
        },
    }
    identity = adapter_id(base.weights_sha256, data, config, Task.ENCODER)
    return _published(
        _Subject(identity=identity, source=base.source, task=Task.ENCODER, card=card, check=check, make=make), training
    )


def _check_trainable(base: EncoderSpec, pairs: Sequence[TrainingPair]) -> None:
    if base.adapter is not None or base.recipe is not None:
        raise AdaptationError(
            f"The encoder in {base.source} is not a base model (adapter {base.adapter}, recipe {base.recipe}). "
            "Adapters are trained on base models. Name one."
        )
    passages = {text for pair in pairs for text in (pair.positive, *pair.negatives)}
    if len(passages) < 2:
        raise AdaptationError(
            f"{len(pairs)} training pairs with {len(passages)} different passages are too few: training contrasts "
            "each passage with others. Label questions on more documents, or let some be generated."
        )


def train_causal(
    model: Path,
    conversations: Sequence[Conversation],
    training: Training,
    *,
    validation: Sequence[Conversation],
) -> Adapter:
    """Return folder/<adapter_id>, a causal model's adapter by supervised fine-tuning on the assistant's words.

    Arguments and errors are those of `train_encoder`; `model` is a transformers folder. A model that is not causal is
    refused.
    """
    if not conversations:
        raise AdaptationError("There are no conversations to train on.")
    weights, data, config = base_sha256(model), conversations_sha256(conversations), training.config
    shape = read_shape(model)
    if not is_causal(model):
        raise AdaptationError(
            f"{model} is not a causal language model: its config.json names no architecture of one. Name a model that "
            "predicts the next token; `xnai retrain` trains the encoder."
        )

    def make(adapted: "PeftModel", device: str) -> CausalObjective:
        from transformers import AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=True, trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise AdaptationError(f"The tokenizer in {model} cannot be loaded: {error}") from error
        objective = CausalObjective(
            adapted, tokenizer, conversations=conversations, validation=validation, config=config, device=device
        )
        if objective.left_out:
            _log.warning("%d conversations have nothing to learn within max_length.", objective.left_out)
        return objective

    def check() -> None:
        tokens = tokens_at_once(config.mini_batch, config.max_length)
        check_memory(needed_bytes(model, config, tokens, shape["vocabulary"]), _LESS_MEMORY[Task.CAUSAL])

    card = {
        "task": Task.CAUSAL,
        "base": {"name": encoder_name(model), "sha256": weights, "dimension": shape["width"]},
        "data": {
            "sha256": data,
            "conversations": len(conversations),
            "validation_conversations": len(validation),
            "documents": [],
        },
    }
    identity = adapter_id(weights, data, config, Task.CAUSAL)
    return _published(
        _Subject(identity=identity, source=model, task=Task.CAUSAL, card=card, check=check, make=make), training
    )


def _published(what: _Subject, training: Training) -> Adapter:
    target, config, task = training.folder / what.identity, training.config, what.task
    checkpoints = target.parent / _TRAINING / target.name

    def fill(empty: Path) -> dict[str, Any]:
        require("train", "Training an adapter")
        what.check()
        with _torch(training.threads, config, task) as device:
            adapted = attach(open_network(what.source, task), config, task, what.card["base"]["name"]).to(device)
            objective = what.make(adapted, device)
            checkpoints.mkdir(parents=True, exist_ok=True)
            loop = TrainingLoop(objective, adapted, trained_parameters(adapted), config, device)
            try:
                state = loop.run(checkpoints, training.checkpoint_seconds, training.progress)
            except AdaptationError:
                shutil.rmtree(checkpoints)  # resuming would end there again
                raise
            save_adapter(adapted, empty)
        (empty / CURVE_FILE).write_text(json.dumps(state.curve.to_json()) + "\n", encoding="utf-8")
        return {
            **what.card,
            "config": {**json.loads(config.description), "device": config.device},
            "metrics": _metrics(state, config, sum(map(len, objective.groups))),
            "libraries": {name: version(name) for name in _LIBRARIES},
            "device": device,
            "cpu_flags": list(cpu_flags()),
        }

    publish_artefact(target, fill)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return load_adapter(target)


def _metrics(state: TrainingState, config: AdapterConfig, examples: int) -> dict[str, float]:
    losses = [step["loss"] for step in state.curve.steps]
    last = losses[-max(1, len(losses) // 10) :]
    seen = state.step * min(config.batch_size, examples) * config.gradient_accumulation
    metrics = {
        "steps": state.step,
        "seconds": round(state.seconds, 3),
        "train_loss": sum(last) / len(last),  # of the last tenth of the steps
        "tokens_per_second": round(state.tokens / max(state.token_seconds, 1e-9), 1),
        "pairs_per_second": round(seen / max(state.token_seconds, 1e-9), 3),
    }
    measured = state.curve.validation
    for when, figures in (("before", measured[:1]), ("after", measured[-1:])):
        for point in figures:
            for name in ("loss", "mrr", "recall_at_1"):
                if point[name] is not None:
                    metrics[f"validation_{name}_{when}"] = point[name]
    return metrics


@contextmanager
def _torch(threads: int, config: AdapterConfig, task: Task) -> Iterator[str]:
    """Set torch's threads and random seed, yield the device, and restore both at the end.

    Raises:
        AdaptationError: cuda is requested but missing, or torch could not allocate memory.
    """
    import torch

    there = torch.cuda.is_available()
    if config.device == "cuda" and not there:
        raise AdaptationError("device is 'cuda', but torch finds no CUDA device. Set device to auto or cpu.")
    device = "cuda" if there and config.device != "cpu" else "cpu"
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.random.fork_rng(devices=[torch.cuda.current_device()] if device == "cuda" else []):
            torch.manual_seed(config.seed)
            yield device
    except (MemoryError, RuntimeError) as error:
        if not is_of_full_memory(error):
            raise
        reason = str(error).splitlines()[0]
        raise AdaptationError(f"There was not enough memory: {reason}. {_LESS_MEMORY[task]}") from error
    finally:
        torch.set_num_threads(before)
