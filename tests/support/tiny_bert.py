"""BERTs small enough to export within seconds: two layers, random weights, a vocabulary of letters or a whole one."""

import json
import string
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.once import made_once
from tests.support.processors import report_processor
from xnai_pipelines.encoders.source import default_encoder_folder

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *string.ascii_lowercase, ":"]
WORDS += ["##" + letter for letter in string.ascii_lowercase] + ["query", "passage", "red", "green", "blue"]


@pytest.fixture(params=[False, True], ids=["VNNI", "saturating sums"])
def saturates(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Both kinds of processor, whichever this one is."""
    report_processor(monkeypatch, saturates=request.param)
    return bool(request.param)


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain transformer folder; copy it before changing it."""
    return write_tiny_bert(tmp_path_factory.mktemp("tiny"), WORDS)


@pytest.fixture(scope="session")
def small_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transformer folder with the default encoder's vocabulary, so it can take its place, a sixth of its size."""
    words = (default_encoder_folder() / "vocab.txt").read_text(encoding="utf-8").splitlines()

    def make(folder: Path) -> None:
        write_tiny_bert(folder, words, hidden_size=128, positions=512)

    return made_once(tmp_path_factory, "small_bert", make)


def write_tiny_bert(folder: Path, words: Sequence[str], *, hidden_size: int = 32, positions: int = 64) -> Path:
    """Write the model and a slow tokenizer with this vocabulary into an empty folder, and return it."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=hidden_size,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=2 * hidden_size,
        max_position_embeddings=positions,
    )
    BertModel(config).save_pretrained(folder, safe_serialization=True)
    (folder / "vocab.txt").write_text("\n".join(words))
    tokenizer = {"tokenizer_class": "BertTokenizer", "do_lower_case": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    return folder
