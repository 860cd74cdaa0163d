"""A completion is read the same however it arrives, and what is no completion is named."""

import json

import pytest

from xnai_pipelines.errors import NoReplyError
from xnai_pipelines.language_model.completion import MOST_BYTES, Completion, Usage

EVENT = 'data: {"choices": [{"delta": {"content": "Oné "}}]}\r\n\r\n'.encode()
COUNTED = b'data:{"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}\n\n'
STREAM = b": hello\nevent: message\n" + EVENT + EVENT + COUNTED + b"data: [DONE]\n\nafter"
WHOLE = json.dumps({"choices": [{"message": {"content": "Whole."}}]}, indent=1).encode()


def received(data, size):
    completion, text = Completion(), ""
    for at in range(0, len(data), size):
        text += "".join(completion.feed(data[at : at + size]))
        if completion.ended:
            break
    return text + completion.end(), completion.usage


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
def test_a_stream_and_a_whole_message_are_read_however_they_are_cut(size):
    assert received(STREAM, size) == ("Oné Oné ", Usage(9, 2))
    assert received(STREAM.removesuffix(b"\n\nafter"), size) == ("Oné Oné ", Usage(9, 2))
    assert received(WHOLE, size) == ("Whole.", None)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "broke off"),
        (b": wait\n\n", "broke off"),
        (EVENT + EVENT[:20], "broke off"),
        (b"data: {]\n", "not a completion"),
        (b'data: {"usage": {"prompt_tokens": 1e999, "completion_tokens": 1}}\n', "not a completion"),
        (WHOLE[:-3], "not a completion"),
        (b"data: [DONE]\n", "without text"),
        (COUNTED + b"data: [DONE]\n", "without text"),
        (b'{"choices": [{"message": {"content": 3}}]}', "without text"),
        (b"x" * (MOST_BYTES + 1), "megabyte"),
    ],
)
def test_what_is_no_completion_is_named(data, reason):
    with pytest.raises(NoReplyError, match=reason):
        received(data, 4_096)
