"""Language models small enough to train in seconds, on the docstrings of Python's own standard library."""

import importlib
import inspect
from pathlib import Path

import pytest

MODULES = (
    "argparse asyncio.events collections configparser contextlib csv ctypes datetime decimal difflib doctest email.message "
    "enum fractions ftplib functools gettext heapq http.client http.cookies imaplib inspect ipaddress json logging "
    "mailbox multiprocessing.pool optparse pathlib pdb pickletools pydoc random re sched shelve shutil smtplib socket "
    "sqlite3 statistics string subprocess tarfile tempfile textwrap threading tkinter trace traceback turtle types "
    "typing unittest.case unittest.mock urllib.request uuid xml.dom.minidom zipfile"
)


def docstrings() -> list[str]:
    """Return paragraphs of 60 characters and more, each once."""
    paragraphs = {}
    for name in MODULES.split():
        try:
            module = importlib.import_module(name)
        except ImportError:  # tkinter and others are packaged apart on some systems
            continue
        owners = [module, *(value for _, value in sorted(vars(module).items()) if inspect.isclass(value))]
        for owner in owners:
            for _, value in [("", owner), *sorted(vars(owner).items())]:
                if inspect.isroutine(value) or value is owner:
                    for paragraph in (inspect.getdoc(value) or "").split("\n\n"):
                        paragraphs[" ".join(paragraph.split())] = None
    return [paragraph for paragraph in paragraphs if len(paragraph) >= 60]


@pytest.fixture(scope="session")
def calibration_texts() -> list[str]:
    return docstrings()[::4][:128]


@pytest.fixture(scope="session")
def held_out_texts() -> list[str]:
    return docstrings()[2::4][:128]


@pytest.fixture(scope="session")
def tiny_gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GPT-2: weights of its linear layers stored [inputs, outputs], tied embeddings, positions, biases."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=512, n_positions=128, n_embd=96, n_layer=3, n_head=3, attn_pdrop=0, embd_pdrop=0, resid_pdrop=0
    )
    return trained(GPT2LMHeadModel, config, tmp_path_factory.mktemp("gpt2"))


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Llama: norms before the layers, no biases, rotary positions, an output layer of its own."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=512,
        hidden_size=96,
        intermediate_size=192,
        num_hidden_layers=3,
        num_attention_heads=3,
        max_position_embeddings=128,
        tie_word_embeddings=False,
    )
    return trained(LlamaForCausalLM, config, tmp_path_factory.mktemp("llama"))


def trained(kind: type, config: object, folder: Path) -> Path:
    """Train a model and its tokenizer on three quarters of the docstrings and save both."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    texts = [text for i, text in enumerate(docstrings()) if i % 4 != 2]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=512, show_progress=False, special_tokens=["<end>"])
    )
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>").save_pretrained(folder)
    ids = [token for text in texts for token in [*tokenizer.encode(text).ids, 0]]
    torch.manual_seed(0)
    model = kind(config).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=4e-3)
    rows = torch.tensor(ids[: len(ids) // 64 * 64]).view(-1, 64)
    steps = 160
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    for _ in range(steps):
        batch = rows[torch.randint(len(rows), (16,))]
        model(input_ids=batch, labels=batch).loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        schedule.step()
    model.save_pretrained(folder, safe_serialization=True)
    return folder
