"""The base network, its adapters, and their files, with transformers and PEFT."""

import json
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xnai_pipelines.adapters.config import AdapterConfig, Task
from xnai_pipelines.errors import AdaptationError
from xnai_pipelines.extras import require
from xnai_pipelines.models.torch_export import silenced
from xnai_pipelines.state.artefacts import weights_sha256

if TYPE_CHECKING:
    import torch
    from peft import PeftModel
    from transformers import PreTrainedModel

WEIGHTS_FILE = "adapter_model.safetensors"
CONFIG_FILE = "adapter_config.json"  # both names are PEFT's

_CHATTY_LOGGERS = ("transformers", "peft")


def open_network(folder: Path, task: Task) -> "PreTrainedModel":
    """Return a base network in float32, with frozen weights and its own dropout off.

    Raises:
        AdaptationError: The folder has no such model, or only pickled weights.
    """
    require("train", "An adapter")
    import torch
    from transformers import AutoModel, AutoModelForCausalLM

    kind = AutoModel if task is Task.ENCODER else AutoModelForCausalLM
    try:
        with quiet():
            network = kind.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=torch.float32, trust_remote_code=False
            )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise AdaptationError(f"The model in {folder} cannot be loaded: {error}") from error
    return network.eval().requires_grad_(False)


def base_sha256(folder: Path) -> str:
    """Return the hash of a model's weights, as in an encoder's specification.

    Raises:
        AdaptationError: The folder has no weights as safetensors.
    """
    try:
        return weights_sha256(folder)
    except FileNotFoundError as error:
        raise AdaptationError(str(error)) from error


def target_modules(network: "PreTrainedModel", wanted: Sequence[str]) -> list[str]:
    """Return the names, or the ends of names, of the layers that get an adapter, for PEFT.

    If none are wanted: every linear layer of the network's blocks, and the word embeddings. Tokens that were rare for
    the base, such as those of another script, are learned in the embeddings; rows of absent tokens do not change.

    Raises:
        AdaptationError: A wanted layer does not exist, or no layer of the network can be adapted.
    """
    import torch
    from transformers.pytorch_utils import Conv1D

    linear = {name: module for name, module in network.named_modules() if isinstance(module, torch.nn.Linear | Conv1D)}
    embedding = {name: module for name, module in network.named_modules() if module is network.get_input_embeddings()}
    adaptable = {**linear, **embedding}
    if wanted:
        for end in wanted:
            if not any(name == end or name.endswith(f".{end}") for name in adaptable):
                raise AdaptationError(
                    f"The target module {end!r} is not a linear layer or word embedding of "
                    f"{type(network).__name__}. It has {', '.join(_ends(adaptable))}."
                )
        return list(wanted)
    # only layers of numbered blocks: no pooler, no output layer
    found = _ends(name for name in linear if re.search(r"\.\d+\.", name))
    if not found:
        raise AdaptationError(
            f"{type(network).__name__} has no numbered blocks of linear layers. Name target_modules in the config."
        )
    # tied output weights would be adapted with the embeddings, or become untied
    tied = bool(getattr(network.config, "tie_word_embeddings", False)) and network.get_output_embeddings() is not None
    return [*found, *([] if tied else embedding)]


def attach(network: "PreTrainedModel", config: AdapterConfig, task: Task, base_name: str) -> "PeftModel":
    """Return the network with a new adapter, initialized from torch's random state.

    Raises:
        AdaptationError: Target modules are not found.
    """
    import torch
    from peft import LoraConfig, TaskType, get_peft_model
    from transformers.pytorch_utils import Conv1D

    lora = LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha,
        lora_dropout=config.dropout,
        target_modules=target_modules(network, config.target_modules),
        fan_in_fan_out=any(isinstance(module, Conv1D) for module in network.modules()),
        task_type=TaskType.FEATURE_EXTRACTION if task is Task.ENCODER else TaskType.CAUSAL_LM,
        base_model_name_or_path=base_name,
        inference_mode=False,
    )
    with quiet():
        adapted = get_peft_model(network, lora)
    # its path on this machine means nothing elsewhere
    adapted.peft_config["default"].base_model_name_or_path = base_name
    for parameter in adapted.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.to(torch.float32)
    return adapted


def trained_parameters(adapted: "PeftModel") -> "dict[str, torch.nn.Parameter]":
    """Return the adapter's parameters by name, sorted."""
    return {name: value for name, value in sorted(adapted.named_parameters()) if value.requires_grad}


def save_adapter(adapted: "PeftModel", folder: Path) -> None:
    """Write the adapter in PEFT's format: safetensors and its config."""
    from peft import get_peft_model_state_dict
    from safetensors.torch import save_file

    with quiet():
        tensors = get_peft_model_state_dict(adapted, save_embedding_layers=False)
    save_file(
        {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(tensors.items())},
        folder / WEIGHTS_FILE,
        metadata={"format": "pt"},
    )
    lora = adapted.peft_config["default"].to_dict()
    lora["inference_mode"] = True
    lora["target_modules"] = sorted(lora["target_modules"])
    # PEFT's sets become lists
    text = json.dumps({name: _plain(value) for name, value in lora.items()}, indent=2, sort_keys=True)
    (folder / CONFIG_FILE).write_text(text + "\n", encoding="utf-8")


def put_on(network: "PreTrainedModel", adapters: Sequence[tuple[str, Path]]) -> "PeftModel":
    """Return the network with saved adapters, each by its name; the first is active.

    Raises:
        AdaptationError: An adapter does not fit the network.
    """
    from peft import PeftModel

    (first, folder), *rest = adapters
    try:
        with quiet():
            adapted = PeftModel.from_pretrained(network, folder, adapter_name=first)
            for name, other in rest:
                adapted.load_adapter(other, adapter_name=name)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise AdaptationError(f"The adapter in {folder} does not fit {type(network).__name__}: {error}") from error
    return adapted.eval()


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the libraries' messages on every load, about which nothing can be done here."""
    with warnings.catch_warnings(), silenced(_CHATTY_LOGGERS):
        warnings.simplefilter("ignore")
        yield


def _ends(names: Any) -> list[str]:
    """Return the unique parts of layers' names after the number of their block."""
    return sorted({re.sub(r"^.*\.\d+\.", "", name) for name in names})


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value) if hasattr(value, "value") and not isinstance(value, str | int | float) else value
