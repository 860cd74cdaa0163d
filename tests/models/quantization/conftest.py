"""Language models small enough to train in seconds, on the docstrings of Python's own standard library."""

import ast
import functools
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.support.once import made_once

MODULES = (
    "argparse bdb calendar cmd configparser contextlib csv datetime dataclasses difflib doctest enum fractions "
    "ftplib functools gettext heapq imaplib inspect ipaddress locale logging/__init__ mailbox mimetypes optparse "
    "pathlib pdb pickletools platform plistlib poplib pprint pydoc queue random sched selectors shelve shutil smtplib "
    "socket ssl statistics subprocess tarfile tempfile textwrap threading trace traceback turtle unittest/case "
    "unittest/mock urllib/request uuid weakref xmlrpc/client zipfile"
)
TINY = {"vocab_size": 512, "num_hidden_layers": 2, "num_attention_heads": 2}


@functools.cache
def docstrings() -> tuple[str, ...]:
    """Return paragraphs of 60 characters and more, each once; the modules are read, not imported."""
    library = Path(sysconfig.get_path("stdlib"))
    paragraphs = {}
    for path in (library / f"{name}.py" for name in MODULES.split()):
        if not path.is_file():  # another version of Python has another library
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                for paragraph in (ast.get_docstring(node) or "").split("\n\n"):
                    paragraphs[" ".join(paragraph.split())] = None
    return tuple(paragraph for paragraph in paragraphs if len(paragraph) >= 60)


@pytest.fixture(scope="session")
def calibration_texts() -> list[str]:
    return list(docstrings()[::4][:128])


@pytest.fixture(scope="session")
def held_out_texts() -> list[str]:
    """What no model here was trained or calibrated on."""
    return list(docstrings()[2::4][:128])


@pytest.fixture(scope="session")
def tiny_gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GPT-2, trained: weights of its linear layers stored [inputs, outputs], tied embeddings, positions, biases."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(vocab_size=512, n_positions=128, n_embd=64, n_layer=2, n_head=2, initializer_range=0.1)
    return made_once(tmp_path_factory, "gpt2", lambda folder: train(GPT2LMHeadModel, config, 4e-3, folder))


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Llama, trained: norms before the layers, no biases, rotary positions, tied embeddings."""
    from transformers import LlamaForCausalLM

    config = llama_config(tied=True)
    return made_once(tmp_path_factory, "llama", lambda folder: train(LlamaForCausalLM, config, 1e-2, folder))


@pytest.fixture(scope="session")
def untied_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Llama, its first random weights: an output layer of its own, outside the list of layers."""
    from transformers import LlamaForCausalLM

    return train(LlamaForCausalLM, llama_config(tied=False), 0, tmp_path_factory.mktemp("untied"), steps=0)


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BERT with a pooler, random weights: norms behind the layers, biases, three embedding tables."""
    from transformers import BertConfig, BertModel

    config = BertConfig(**TINY, hidden_size=48, intermediate_size=80, max_position_embeddings=96, initializer_range=0.2)
    return train(BertModel, config, 0, tmp_path_factory.mktemp("bert"), steps=0)


@pytest.fixture(scope="session")
def tiny_albert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ALBERT, random weights: one layer that is run twice."""
    from transformers import AlbertConfig, AlbertModel

    config = AlbertConfig(**TINY, embedding_size=16, hidden_size=32, intermediate_size=48)
    return train(AlbertModel, config, 0, tmp_path_factory.mktemp("albert"), steps=0)


def llama_config(*, tied: bool) -> Any:
    from transformers import LlamaConfig

    return LlamaConfig(
        **TINY, hidden_size=64, intermediate_size=160, max_position_embeddings=128, tie_word_embeddings=tied
    )


def train(kind: type, config: Any, rate: float, folder: Path, steps: int = 200) -> Path:
    """Return the folder after training a tokenizer of 512 tokens and a model on three quarters of the docstrings."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    texts = [text for i, text in enumerate(docstrings()) if i % 4 != 2]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=512, show_progress=False, special_tokens=["<end>"])
    tokenizer.train_from_iterator(texts, trainer)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>").save_pretrained(folder)
    torch.manual_seed(0)
    model = kind(config).train()
    if steps:
        ids = [token for encoding in tokenizer.encode_batch(texts) for token in [*encoding.ids, 0]]
        rows = torch.tensor(ids[: len(ids) // 64 * 64]).view(-1, 64)
        optimiser = torch.optim.AdamW(model.parameters(), lr=rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
        for _ in range(steps):
            batch = rows[torch.randint(len(rows), (16,))]
            logits = model(input_ids=batch).logits[:, :-1]
            torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten()).backward()
            optimiser.step()
            optimiser.zero_grad()
            schedule.step()
    model.save_pretrained(folder, safe_serialization=True)
    return folder
