"""What a server with OpenAI's chat protocol sends: a stream of events, or one message of a server without. Pure."""

import json
from dataclasses import dataclass
from typing import Any

from xnai_pipelines.errors import NoReplyError

MOST_BYTES = 1_000_000

_EVENT = b"data:"
_END = b"[DONE]"
_OF_STREAMS = (_EVENT, b":", b"event:")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a reply cost: tokens that a language model read and wrote, as its server counted them."""

    prompt_tokens: int
    reply_tokens: int


class Completion:
    """A completion that is being received.

    Attributes:
        usage: Tokens that the server counted, None if it did not.
        ended: Whether its end has come; what the server sends after it does not count.
    """

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.ended = False
        self._received = bytearray()
        self._read = 0
        self._streamed = False
        self._written = False

    def feed(self, data: bytes) -> list[str]:
        """Return the parts of the text that have come with these bytes.

        Raises:
            NoReplyError: It is too long, or something else.
        """
        self._received += data
        if len(self._received) > MOST_BYTES:
            raise NoReplyError("sent more than a megabyte")
        texts = []
        while b"\n" in data and not self.ended and (end := self._received.find(b"\n", self._read)) >= 0:
            line = bytes(self._received[self._read : end])
            self._read = end + 1
            self._streamed = self._streamed or line.startswith(_OF_STREAMS)
            message = line.removeprefix(_EVENT).strip()
            if message == _END:
                self.ended = True
            elif line.startswith(_EVENT):
                texts.append(self._text(message))
        return list(filter(None, texts))

    def end(self) -> str:
        """Return the text of a whole message, "" at the end of a stream. The server sends no more.

        Raises:
            NoReplyError: The completion has no end or no text, or is something else.
        """
        if self._received.endswith(_END):
            self.feed(b"\n")
        if not self.ended and (self._streamed or not self._received):
            raise NoReplyError("broke off")
        text = "" if self.ended else self._text(bytes(self._received))
        if not self._written:
            raise NoReplyError("sent a completion without text")
        return text

    def _text(self, message: bytes) -> str:
        try:
            completion: Any = json.loads(message)
            choices, counted = completion.get("choices") or [], completion.get("usage")
            usage = Usage(int(counted["prompt_tokens"]), int(counted["completion_tokens"])) if counted else None
            if not choices and usage is None:
                raise LookupError
            part = choices[0]["delta" if "delta" in choices[0] else "message"] if choices else {}
            said = part.get("content")
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError):
            raise NoReplyError("sent a reply that is not a completion") from None
        if said is not None and not isinstance(said, str):
            raise NoReplyError("sent a completion without text")
        self.usage = usage or self.usage
        self._written = self._written or bool(said)
        return said or ""
