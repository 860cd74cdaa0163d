"""The specification of an encoder: everything that decides a text's vector, read from a model folder."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from xnai_pipelines.errors import DamagedArtefactError, UnsupportedEncoderError
from xnai_pipelines.state.artefacts import weights_sha256

Pooling = Literal["mean", "cls"]

_POOLING_MODES: tuple[Pooling, ...] = ("mean", "cls")
_LEGACY_POOLING_KEYS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
_SUPPORTED_CHAINS = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
# Families whose position table starts after the padding token: two of its rows are not positions.
_OFFSET_POSITIONS = frozenset({"roberta", "xlm-roberta", "camembert", "mpnet"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSpec:
    """What decides a text's vector.

    `source` has config, weights and tokenizer; it may move without changing the vectors. `max_length` counts tokens,
    special ones included. `adapter` names what was trained on top of the weights, None for a base model. `normalise` is
    the model folder's setting; served vectors are unit length either way. `variant` is the variant's name. `recipe` is
    how its weights were quantized, as canonical text, with the hash of the calibration texts and the runtime; None for
    variants made from the base weights alone. `companion` is the vector space of the encoder beside this one, whose
    vectors follow its own; None if there is none. `companion_weight` is that encoder's share of a cosine, 0 to 1.
    """

    source: Path
    pooling: Pooling
    query_prefix: str
    passage_prefix: str
    normalise: bool
    max_length: int
    dimension: int
    variant: str
    weights_sha256: str
    adapter: str | None = None
    recipe: str | None = None
    companion: str | None = None
    companion_weight: float = 0.0

    @property
    def vector_space(self) -> str:
        """16 hexadecimal digits; vectors of two encoders are comparable only if these are equal."""
        identity = [
            self.weights_sha256,
            self.adapter,
            self.variant,
            self.pooling,
            self.query_prefix,
            self.passage_prefix,
            self.normalise,
            self.max_length,
            # vector spaces older than recipes stay as they are
            *([] if self.recipe is None else [self.recipe]),
            *([] if self.companion is None else [{self.companion: self.companion_weight}]),
        ]
        return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]


def read_specification(folder: Path, variant: str) -> EncoderSpec:
    """Read a sentence-transformers folder, or a plain transformer (mean pooling, normalised).

    Raises:
        UnsupportedEncoderError: A module, a pooling mode or a weight format cannot be served; the message names it.
        FileNotFoundError: The folder is missing.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"The encoder folder {folder} does not exist.")
    modules = _read_modules(folder)
    transformer = folder / modules["Transformer"] if modules else folder
    if not (transformer / "config.json").is_file():
        raise UnsupportedEncoderError(
            f"{transformer} has no config.json, so it is not a transformer's folder. Name the folder that has one."
        )
    config = _read_json(transformer / "config.json")
    if "auto_map" in config:
        raise UnsupportedEncoderError(
            f"{transformer / 'config.json'} needs code from the model folder (auto_map). Code from a model is never "
            "run. Choose a model whose architecture is part of transformers."
        )
    pooling_config = _read_json(folder / modules["Pooling"] / "config.json") if modules else {}
    query_prefix, passage_prefix = _read_prefixes(folder)
    if (query_prefix or passage_prefix) and not pooling_config.get("include_prompt", True):
        raise UnsupportedEncoderError(
            f"{folder} excludes its prompt from the pooling (include_prompt: false), which is not supported. "
            "Choose a model that pools over every token."
        )
    return EncoderSpec(
        source=transformer,
        pooling=_read_pooling(pooling_config, folder),
        query_prefix=query_prefix,
        passage_prefix=passage_prefix,
        normalise="Normalize" in modules or not modules,
        max_length=read_max_length(transformer, config),
        dimension=_read_dimension(config, transformer),
        variant=variant,
        weights_sha256=_hash_weights(transformer),
    )


def _read_modules(folder: Path) -> dict[str, str]:
    """Return the subfolder of each module's class; empty if there is no modules.json."""
    path = folder / "modules.json"
    if not path.is_file():
        return {}
    modules = json.loads(path.read_text(encoding="utf-8"))
    kinds = [str(module["type"]).rsplit(".", 1)[-1] for module in modules]
    known = [str(module["type"]).startswith("sentence_transformers.") for module in modules]
    unknown = [
        str(module["type"])
        for module, kind, ours in zip(modules, kinds, known, strict=True)
        if not ours or kind not in _SUPPORTED_CHAINS[-1]
    ]
    if unknown:
        raise UnsupportedEncoderError(
            f"{path} uses {', '.join(unknown)}, which is not supported. Only Transformer, Pooling and Normalize are."
        )
    if kinds not in _SUPPORTED_CHAINS:
        raise UnsupportedEncoderError(
            f"{path} chains {' -> '.join(kinds)}. Only Transformer -> Pooling is supported, with or without "
            "Normalize at the end."
        )
    return {kind: str(module["path"]) for module, kind in zip(modules, kinds, strict=True)}


def _read_pooling(config: Mapping[str, Any], folder: Path) -> Pooling:
    named = config.get("pooling_mode")
    if named is None:
        modes = [mode for key, mode in _LEGACY_POOLING_KEYS.items() if config.get(key)] or ["mean"]
    else:
        modes = [named] if isinstance(named, str) else list(named)
    if len(modes) != 1 or modes[0] not in _POOLING_MODES:
        raise UnsupportedEncoderError(
            f"{folder} pools by {' + '.join(map(str, modes))}, which is not supported. Choose a model that pools by "
            f"one of {', '.join(_POOLING_MODES)}."
        )
    return modes[0]


def _read_prefixes(folder: Path) -> tuple[str, str]:
    """Return the query's and the passage's prefix, chosen as sentence-transformers chooses them."""
    path = folder / "config_sentence_transformers.json"
    config = _read_json(path) if path.is_file() else {}
    prompts: dict[str, str | None] = config.get("prompts") or {}
    default = prompts.get(config.get("default_prompt_name") or "")
    query = prompts.get("query", default)
    passage = next((prompts[name] for name in ("document", "passage", "corpus") if name in prompts), default)
    return query or "", passage or ""


def read_max_length(transformer: Path, config: Mapping[str, Any]) -> int:
    """Return the max tokens of a text, special ones included: as its folder says, at most what its positions allow."""
    limits = [512] if "max_position_embeddings" not in config else []
    if config.get("max_position_embeddings", -1) > 0:
        offset = config.get("pad_token_id", 1) + 1 if config.get("model_type") in _OFFSET_POSITIONS else 0
        limits.append(config["max_position_embeddings"] - offset)
    sentence = transformer / "sentence_bert_config.json"
    wanted = _read_json(sentence).get("max_seq_length") if sentence.is_file() else None
    tokenizer = transformer / "tokenizer_config.json"
    if wanted is None and tokenizer.is_file():
        wanted = _read_json(tokenizer).get("model_max_length")
    return int(min([*limits, wanted or 512]))


def _read_dimension(config: Mapping[str, Any], transformer: Path) -> int:
    for key in ("hidden_size", "d_model", "dim"):
        if key in config:
            return int(config[key])
    raise UnsupportedEncoderError(
        f"{transformer / 'config.json'} has no hidden_size, so the vector's length is unknown."
    )


def _hash_weights(transformer: Path) -> str:
    try:
        return weights_sha256(transformer)
    except FileNotFoundError as error:
        raise UnsupportedEncoderError(str(error)) from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:  # no JSON, or no text
        content = None
    if not isinstance(content, dict):
        raise UnsupportedEncoderError(f"{path} is not a JSON object. Copy the model's folder again.")
    return content


MODEL_FILE = "model.onnx"  # the executable graph
WEIGHTS_FILE = "weights.arrow"  # or instead: weights of few bits
GRAPH_FILE = "graph.onnx"  # and the graph they belong in, compressed
TOKENIZER_FILE = "tokenizer.json"
ENCODER_FILE = "encoder.json"
COMPANION = "companion"  # subfolder: the folder of another encoder, whose vectors follow this one's


def write_encoder_file(spec: EncoderSpec, folder: Path) -> None:
    """Write encoder.json."""
    content = {
        "vector_space": spec.vector_space,
        "precision": spec.variant,
        "recipe": spec.recipe,
        "pooling": spec.pooling,
        "query_prefix": spec.query_prefix,
        "passage_prefix": spec.passage_prefix,
        "normalise": spec.normalise,
        "max_length": spec.max_length,
        "dimension": spec.dimension,
        "weights_sha256": spec.weights_sha256,
        "adapter": spec.adapter,
        **({"companion": spec.companion, "companion_weight": spec.companion_weight} if spec.companion else {}),
    }
    (folder / ENCODER_FILE).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_encoder_file(folder: Path) -> EncoderSpec:
    """Return the specification in encoder.json; its `source` is the folder.

    Raises:
        DamagedArtefactError: The settings do not give the vector space recorded beside them.
    """
    content = json.loads((folder / ENCODER_FILE).read_text(encoding="utf-8"))
    stored = content.pop("vector_space")
    spec = EncoderSpec(source=folder, variant=content.pop("precision"), **content)
    if spec.vector_space != stored:
        raise DamagedArtefactError(
            f"{folder / ENCODER_FILE} says vector space {stored}, but its settings give "
            f"{spec.vector_space}. Delete the folder; the next run builds it again."
        )
    return spec


def shipped_bytes(folder: Path) -> int:
    """Return the size of all files an encoder needs except its tokenizer, which all variants share."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != TOKENIZER_FILE)
