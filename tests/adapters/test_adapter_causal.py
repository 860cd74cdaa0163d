"""Conversations are read with errors that name the line, and a language model learns the assistant's words."""

import dataclasses
import functools
import json
import operator
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from xnai_pipelines.adapters.adapter import Adapter
from xnai_pipelines.adapters.causal_objective import CausalObjective
from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.adapters.config import Task as AdapterTask
from xnai_pipelines.adapters.conversations import Conversation, Message, conversations_sha256, read_conversations
from xnai_pipelines.adapters.network import open_network
from xnai_pipelines.adapters.training import Training, train_causal
from xnai_pipelines.errors import AdaptationError

TEMPLATE = (
    "{% for message in messages %}<{{ message.role }}>{{ message.content }}</>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def _conversations(count: int) -> list[Conversation]:
    return [
        Conversation((Message("user", f"count to {number}"), Message("assistant", "one two " * (1 + number % 3))))
        for number in range(count)
    ]


def _train(model: Path, conversations: Sequence[Conversation], folder: Path, config: AdapterConfig) -> Adapter:
    return train_causal(
        model,
        conversations,
        Training(config=config, folder=folder, threads=1, progress=lambda step: None),
        validation=_conversations(4),
    )


def test_instructions_and_chats_are_read(tmp_path: Path) -> None:
    rows = [
        {"instruction": "Translate.", "input": "blue", "output": "синий"},
        {"instruction": "Say hello.", "output": "Hello."},
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]},
    ]
    path = tmp_path / "conversations.jsonl"
    path.write_text("\n\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    first, second, third = read_conversations(path)
    assert first == Conversation((Message("user", "Translate.\n\nblue"), Message("assistant", "синий")))
    assert second.messages[0].content == "Say hello."
    assert third.messages == (Message("user", "Hi"), Message("assistant", "Hello."))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not JSON"),
        ("[]", "neither an instruction nor a chat"),
        ('{"instruction": "a"}', "output is None"),
        ('{"instruction": " ", "output": "b"}', "instruction is ' '"),
        ('{"instruction": "a", "input": 3, "output": "b"}', "input is 3"),
        ('{"messages": []}', "one or more messages"),
        ('{"messages": [{"role": "robot", "content": "a"}]}', "its role must be one of system, user, assistant"),
        ('{"messages": [{"role": "user", "content": "a"}]}', "no message is the assistant's"),
        ('{"messages": [{"role": "assistant"}]}', "content of message 1 is None"),
    ],
)
def test_a_line_that_is_no_conversation_is_named(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"instruction": "a", "output": "b"}\n' + line, encoding="utf-8")
    with pytest.raises(AdaptationError, match=f"bad.jsonl, line 2: .*{words}"):
        read_conversations(path)


def test_a_file_without_conversations_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(AdaptationError, match=r"empty\.jsonl has no conversations"):
        read_conversations(tmp_path / "empty.jsonl")
    with pytest.raises(AdaptationError, match="cannot be read"):
        read_conversations(tmp_path / "nothing.jsonl")


@pytest.mark.parametrize("template", [None, TEMPLATE])
def test_the_loss_is_that_of_the_assistants_tokens(tiny_gpt: Path, template: str | None) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_gpt)
    tokenizer.chat_template = template
    network = open_network(tiny_gpt, AdapterTask.CAUSAL)
    chat = Conversation(
        (Message("user", "a"), Message("assistant", "bc"), Message("user", "d"), Message("assistant", "e"))
    )
    objective = CausalObjective(network, tokenizer, [chat], [chat], AdapterConfig(), "cpu")
    before, learnt = "### User:\na\n\n### Assistant:\n", "bc<end>\n"
    between, last = "### User:\nd\n\n### Assistant:\n", "e<end>\n"
    if template is not None:
        before, learnt, between, last = "<user>a</><assistant>", "bc</>", "<user>d</><assistant>", "e</>"
    pieces = [tokenizer.encode(text) for text in (before, learnt, between, last)]
    ids = torch.tensor([functools.reduce(operator.iadd, pieces, [])])
    labels = [number for number, piece in enumerate(pieces) for _ in piece]
    losses = torch.nn.functional.cross_entropy(network(input_ids=ids).logits[0, :-1], ids[0, 1:], reduction="none")
    wanted = torch.tensor([number % 2 == 1 for number in labels[1:]])
    validation = objective.validate()
    assert validation is not None
    assert validation.loss == pytest.approx(float(losses[wanted].mean().detach()), rel=1e-5)
    assert objective.tokens([0]) == ids.shape[1]


@pytest.mark.slow
def test_a_language_model_learns_and_the_same_seed_gives_the_same_bits(tiny_gpt: Path, tmp_path: Path) -> None:
    conversations = _conversations(24)
    config = AdapterConfig(rank=4, epochs=8, batch_size=8, learning_rate=2e-2, max_length=64, device="cpu")
    first, second = (_train(tiny_gpt, conversations, tmp_path / name, config) for name in "ab")
    assert first.task is AdapterTask.CAUSAL
    assert first.data_sha256 == conversations_sha256(conversations)
    assert first.metrics["validation_loss_after"] < 0.9 * first.metrics["validation_loss_before"]
    weights = [(adapter.folder / "adapter_model.safetensors").read_bytes() for adapter in (first, second)]
    assert weights[0] == weights[1]

    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_gpt), first.folder)
    assert {name.split(".")[-4] for name, _ in model.named_parameters() if "lora_A" in name} == {
        "c_attn",
        "c_fc",
        "c_proj",
    }


def test_conversations_with_nothing_to_learn_within_the_length_are_refused(tiny_gpt: Path, tmp_path: Path) -> None:
    config = AdapterConfig(max_length=4, device="cpu")
    with pytest.raises(AdaptationError, match=r"None of the 3 conversations .*max_length \(4 tokens\)"):
        _train(tiny_gpt, _conversations(3), tmp_path, config)
    with pytest.raises(AdaptationError, match="no conversations"):
        _train(tiny_gpt, [], tmp_path, config)


def test_a_model_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    config = dataclasses.replace(AdapterConfig(), device="cpu")
    with pytest.raises(AdaptationError, match=r"has no model\.safetensors"):
        _train(tmp_path, _conversations(3), tmp_path, config)
