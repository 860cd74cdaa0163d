"""A causal language model small enough to train within seconds: two layers, random weights, a token per byte."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_gpt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal language model with a tokenizer of letters, without a chat template."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("gpt")
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate([*letters, "<end>"])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", pad_token="<end>").save_pretrained(folder)
    torch.manual_seed(7)
    config = GPT2Config(
        vocab_size=len(vocabulary),
        n_embd=32,
        n_layer=2,
        n_head=2,
        n_positions=128,
        initializer_range=0.3,  # outputs that differ, so that an adapter has something to work on
        bos_token_id=len(vocabulary) - 1,
        eos_token_id=len(vocabulary) - 1,
    )
    GPT2LMHeadModel(config).save_pretrained(folder, safe_serialization=True)
    return folder
