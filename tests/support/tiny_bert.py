"""A BERT small enough to export within a second: two layers, random weights, a vocabulary of letters."""

import json
import string
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.processors import report_processor

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


def write_tiny_bert(folder: Path, words: Sequence[str]) -> Path:
    """Write the model and a slow tokenizer with this vocabulary into an empty folder, and return it."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder, safe_serialization=True)
    (folder / "vocab.txt").write_text("\n".join(words))
    tokenizer = {"tokenizer_class": "BertTokenizer", "do_lower_case": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    return folder
