"""A transformer from a model folder, and its parts by name: linear layers, embedding tables, blocks."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.errors import QuantizationError
from xnai_pipelines.extras import require
from xnai_pipelines.models.quantization.rounding import Matrix
from xnai_pipelines.state.artefacts import weights_files

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

_CAUSAL = ("ForCausalLM", "LMHeadModel")
_UNUSED = "pooler."  # trained for next-sentence prediction, used by no pooling


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """A linear layer.

    Attributes:
        name: Name of its weight in the state dict.
        module: A torch Linear, or a transformers Conv1D.
        transposed: Whether the weight is stored [inputs, outputs], like Conv1D's.
    """

    name: str
    module: "torch.nn.Module"
    transposed: bool

    @property
    def has_bias(self) -> bool:
        """Whether the layer adds a bias."""
        return getattr(self.module, "bias", None) is not None

    @property
    def matrix_shape(self) -> tuple[int, int]:
        """Outputs and inputs."""
        rows, columns = self.module.weight.shape
        return (int(columns), int(rows)) if self.transposed else (int(rows), int(columns))

    def matrix(self) -> Matrix:
        """Return a copy of the weight, float32 [outputs, inputs]."""
        return np.array(self.oriented(self.stored()), order="C")

    def stored(self) -> Matrix:
        """Return the weight in the state dict's layout, [inputs, outputs] for a Conv1D."""
        weight: Matrix = self.module.weight.detach().numpy()
        return weight

    def oriented(self, weight: NDArray[Any]) -> NDArray[Any]:
        """Return a weight of one layout in the other if they differ: [outputs, inputs] and the state dict's."""
        return weight.T if self.transposed else weight

    def replace(self, matrix: Matrix) -> None:
        """Put another weight, float32 [outputs, inputs], into the layer."""
        put(self.module.weight, self.oriented(matrix))


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingTable:
    """An embedding table (words, positions, token types): one row per token."""

    name: str
    module: "torch.nn.Module"

    def replace(self, table: Matrix) -> None:
        """Put another table, float32 [tokens, dimension], in its place."""
        put(self.module.weight, table)


@dataclass(frozen=True, slots=True, eq=False)
class TransformerBlock:
    """One of the transformer layers that run in sequence."""

    name: str
    module: "torch.nn.Module"
    linears: tuple[Linear, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Transformer:
    """A loaded model.

    Attributes:
        folder: The model's folder.
        network: The network in evaluation mode, float32, without its pooler.
        causal: Whether it predicts the next token; otherwise it encodes.
        blocks: The blocks in the order in which they run; empty if no list of layers was found.
        outside: Linear layers outside the blocks whose weight no embedding table shares.
        embeddings: Each embedding table once.
        skipped: State dict names of weights already covered by another name (tied weights).
    """

    folder: Path
    network: "PreTrainedModel"
    causal: bool
    blocks: tuple[TransformerBlock, ...]
    outside: tuple[Linear, ...]
    embeddings: tuple[EmbeddingTable, ...]
    skipped: frozenset[str]

    @property
    def linears(self) -> tuple[Linear, ...]:
        """All linear layers."""
        return (*(linear for block in self.blocks for linear in block.linears), *self.outside)

    def tensors(self) -> Iterator[tuple[str, "torch.Tensor"]]:
        """Yield name and value of every shipped tensor, in state dict order."""
        for name, tensor in self.network.state_dict().items():
            if name not in self.skipped:
                yield name, tensor

    def replace(self, weights: dict[str, Matrix]) -> None:
        """Put weights, by state dict name, into the network.

        Raises:
            QuantizationError: A name or shape does not exist in the network, or a tensor is missing.
        """
        own = dict(self.tensors())
        if odd := sorted(own.keys() ^ weights.keys()):
            raise QuantizationError(f"The weights and {self.folder} differ in {len(odd)} tensors, {odd[0]} first.")
        for name, tensor in own.items():
            if tuple(tensor.shape) != weights[name].shape:
                raise QuantizationError(
                    f"{name} is {weights[name].shape}, but {tuple(tensor.shape)} in {self.folder}: another model."
                )
            put(tensor, weights[name])


def put(tensor: "torch.Tensor", values: Matrix) -> None:
    """Overwrite a tensor's values in place."""
    import torch

    with torch.no_grad():
        tensor.copy_(torch.from_numpy(np.ascontiguousarray(values)))


def load_transformer(folder: Path) -> Transformer:
    """Return the model in a Hugging Face folder: config.json and safetensors, from disk only, without its own code.

    Raises:
        MissingExtraError: The extra `quantize` is not installed.
        QuantizationError: The folder has no such model, needs its own code, or has infinities or NaN.
    """
    require("quantize", "Quantizing to few bits")
    import torch
    from transformers import AutoModel, AutoModelForCausalLM

    causal = is_causal(folder)
    loader = AutoModelForCausalLM if causal else AutoModel
    try:
        network, report = loader.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=torch.float32, output_loading_info=True
        )
    except (OSError, ValueError) as error:
        raise QuantizationError(f"{folder} cannot be loaded: {error}") from error
    if missing := [name for name in report["missing_keys"] if not name.startswith(_UNUSED)]:
        raise QuantizationError(f"{folder} lacks {len(missing)} tensors of its architecture, {missing[0]} first.")
    if getattr(network, "pooler", None) is not None:
        network.pooler = None
    network = network.eval().requires_grad_(False)
    for name, tensor in network.state_dict().items():
        if not torch.isfinite(tensor).all():
            raise QuantizationError(f"{name} in {folder} has infinities or NaN: the model is damaged.")
    return name_parts(folder, network, causal=causal)


def is_causal(folder: Path) -> bool:
    """Return whether a folder's config.json names a causal language model.

    Raises:
        QuantizationError: The folder is not a transformer's, or asks for code.
    """
    return any(str(name).endswith(_CAUSAL) for name in _read_config(folder).get("architectures") or ())


def name_parts(folder: Path, network: "PreTrainedModel", *, causal: bool) -> Transformer:
    """Return the network with its linear layers, embedding tables and blocks named."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    embeddings: list[EmbeddingTable] = []
    linears: list[Linear] = []
    seen: dict[int, str] = {}
    skipped = set()
    for name, tensor in network.state_dict(keep_vars=True).items():
        if id(tensor) in seen:
            skipped.add(name)
        seen.setdefault(id(tensor), name)
    for name, module in network.named_modules():
        weight = f"{name}.weight"
        if isinstance(module, nn.Embedding) and weight not in skipped:
            embeddings.append(EmbeddingTable(weight, module))
        elif isinstance(module, (nn.Linear, Conv1D)) and weight not in skipped:
            linears.append(Linear(weight, module, isinstance(module, Conv1D)))
    blocks = tuple(
        TransformerBlock(name, module, tuple(linear for linear in linears if linear.name.startswith(f"{name}.")))
        for name, module in _find_blocks(network)
    )
    inside = {linear.name for block in blocks for linear in block.linears}
    outside = tuple(linear for linear in linears if linear.name not in inside)
    return Transformer(
        folder=folder,
        network=network,
        causal=causal,
        blocks=blocks,
        outside=outside,
        embeddings=tuple(embeddings),
        skipped=frozenset(skipped),
    )


def _find_blocks(network: "PreTrainedModel") -> list[tuple[str, "torch.nn.Module"]]:
    """Return the members of the outermost list of equal modules with the most parameters."""
    from torch import nn

    lists: list[tuple[int, str, Any]] = []
    for name, module in network.named_modules():
        nested = any(name.startswith(f"{outer}.") for _, outer, _ in lists)
        if isinstance(module, nn.ModuleList) and not nested and len({type(member) for member in module}) == 1:
            lists.append((sum(weight.numel() for weight in module.parameters()), name, module))
    if not lists:
        return []
    _, name, members = max(lists, key=lambda found: found[0])
    return [(f"{name}.{i}", member) for i, member in enumerate(members)]


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    if not path.is_file():
        raise QuantizationError(f"{folder} has no config.json, so it is not a transformer's folder.")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise QuantizationError(f"{path} is not JSON: {error}") from error
    if not isinstance(config, dict) or "auto_map" in config:
        raise QuantizationError(
            f"{path} needs code from the model folder (auto_map) or is not a JSON object. Code from a model is never "
            "run. Choose a model whose architecture is part of transformers."
        )
    try:
        weights_files(folder)
    except FileNotFoundError as error:
        raise QuantizationError(str(error)) from error
    return config
