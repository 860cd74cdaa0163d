"""Models of two layers and random weights: a sentence encoder with its tokenizer, and a causal language model."""

import json
import shutil
import string
from pathlib import Path

import pytest

from tests.support.adaptation_pairs import COLOURS, pairs_of
from tests.support.tiny_bert import write_tiny_bert
from xnai_pipelines.adapters.adapter import Adapter
from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.adapters.pairs import TrainingPair
from xnai_pipelines.adapters.training import Training, train_encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.specification import EncoderSpec, read_specification

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *string.ascii_lowercase, *string.digits, "?", ".", *COLOURS]
WORDS += ["##" + sign for sign in string.ascii_lowercase + string.digits]


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers folder; copy it before changing it."""
    folder = write_tiny_bert(tmp_path_factory.mktemp("tiny"), WORDS)
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    (folder / "modules.json").write_text(
        json.dumps(
            [
                {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
                for number, (path, kind) in enumerate(modules)
            ]
        )
    )
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps({"word_embedding_dimension": 32, "pooling_mode_mean_tokens": True})
    )
    write_fast_tokenizer(folder)
    return folder


def write_fast_tokenizer(folder: Path) -> None:
    from transformers import AutoTokenizer

    AutoTokenizer.from_pretrained(folder, local_files_only=True).backend_tokenizer.save(str(folder / "tokenizer.json"))


@pytest.fixture(scope="session")
def base(tiny_encoder: Path) -> EncoderSpec:
    return read_specification(tiny_encoder, Runtime.FP32)


@pytest.fixture(scope="session")
def pairs() -> list[TrainingPair]:
    return pairs_of(range(24))


@pytest.fixture(scope="session")
def held_out() -> list[TrainingPair]:
    return pairs_of(range(24, 32))


@pytest.fixture(scope="session")
def quick() -> AdapterConfig:
    return AdapterConfig(rank=4, alpha=8, epochs=3, batch_size=8, learning_rate=5e-3, device="cpu")


@pytest.fixture(scope="session")
def trained(
    base: EncoderSpec,
    pairs: list[TrainingPair],
    held_out: list[TrainingPair],
    quick: AdapterConfig,
    tmp_path_factory: pytest.TempPathFactory,
) -> Adapter:
    """An adapter of the tiny encoder; copy it before changing it."""
    return train_encoder(
        base,
        pairs,
        Training(config=quick, folder=tmp_path_factory.mktemp("adapters"), threads=1, progress=lambda step: None),
        validation=held_out,
        documents=[pair.document_id for pair in pairs],
    )


@pytest.fixture
def copied(trained: Adapter, tmp_path: Path) -> Path:
    """The folder of a copy of the trained adapter."""
    return Path(shutil.copytree(trained.folder, tmp_path / "adapters" / trained.adapter_id))
