"""Training data of a causal language model: conversations, read from a JSON Lines file."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xnai_pipelines.errors import AdaptationError

ROLES = ("system", "user", "assistant")

_LINE_LIMIT = 4 << 20  # bytes
_FILE_LIMIT = 2 << 30
_FORMS = (
    'Each line must be {"instruction": ..., "input": ... (optional), "output": ...} or {"messages": [{"role": ..., '
    '"content": ...}, ...]}.'
)


@dataclass(frozen=True, slots=True)
class Message:
    """The words of one speaker; `role` is one of `ROLES`."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """Messages in order; the assistant's are learned."""

    messages: tuple[Message, ...]


def read_conversations(path: Path) -> list[Conversation]:
    """Return the conversations of a JSON Lines file, one per line, as instructions or chat messages.

    Raises:
        AdaptationError: The file cannot be read, is empty, or has an invalid line; the message names file and line.
    """
    try:
        if path.stat().st_size > _FILE_LIMIT:
            raise AdaptationError(f"{path} is larger than {_FILE_LIMIT >> 30} GiB. Split it and train on a part.")
        conversations = []
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(_LINE_LIMIT + 1), b""), start=1):
                if len(line) > _LINE_LIMIT:
                    raise AdaptationError(f"{path}, line {number}: longer than {_LINE_LIMIT >> 20} MiB.")
                if line.strip():
                    conversations.append(_read(line, f"{path}, line {number}"))
    except OSError as error:
        raise AdaptationError(f"{path} cannot be read: {error}.") from error
    if not conversations:
        raise AdaptationError(f"{path} has no conversations. {_FORMS}")
    return conversations


def conversations_sha256(conversations: Sequence[Conversation]) -> str:
    """Return the hash of conversations in order, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for conversation in conversations:
        row = [[message.role, message.content] for message in conversation.messages]
        digest.update(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def _read(line: bytes, place: str) -> Conversation:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise AdaptationError(f"{place}: not JSON ({error}).") from error
    if isinstance(row, dict) and "messages" in row:
        return _chat(row["messages"], place)
    if isinstance(row, dict) and "instruction" in row:
        return _instruction(row, place)
    raise AdaptationError(f"{place}: neither an instruction nor a chat. {_FORMS}")


def _instruction(row: dict[str, Any], place: str) -> Conversation:
    instruction = _text(row["instruction"], "instruction", place)
    answer = _text(row.get("output"), "output", place)
    more = row.get("input") or ""
    if not isinstance(more, str):
        raise AdaptationError(f"{place}: input is {more!r}; it must be a text.")
    asked = f"{instruction}\n\n{more}" if more else instruction
    return Conversation((Message("user", asked), Message("assistant", answer)))


def _chat(messages: object, place: str) -> Conversation:
    if not isinstance(messages, list) or not messages:
        raise AdaptationError(f"{place}: messages is {_short(messages)}; it must be a list of one or more messages.")
    read = []
    for ordinal, message in enumerate(messages, start=1):
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            raise AdaptationError(
                f"{place}: message {ordinal} is {_short(message)}; its role must be one of {', '.join(ROLES)}."
            )
        read.append(Message(message["role"], _text(message.get("content"), f"content of message {ordinal}", place)))
    if not any(message.role == "assistant" for message in read):
        raise AdaptationError(f"{place}: no message is the assistant's, so there is nothing to learn.")
    return Conversation(tuple(read))


def _text(value: object, name: str, place: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise AdaptationError(f"{place}: {name} is {_short(value)}; it must be a text that is not empty.")
    return value


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
