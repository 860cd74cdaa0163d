"""Measures text with the encoder's tokenizer: the position of each token, in characters."""

import hashlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

# Texts are encoded in windows, which bounds memory and lets the tokenizer's threads share one long document.
WINDOW_CHARACTERS = 8_192
WINDOWS_PER_BATCH = 128

# These look at one character at a time, so a word has the same tokens in any context.
_CONTEXT_FREE_PRE_TOKENIZERS = {"BertPreTokenizer", "Whitespace", "WhitespaceSplit"}


@dataclass(frozen=True, slots=True)
class TokenMap:
    """The tokens of one text.

    Attributes:
        starts: Ascending character offsets, int64 [tokens].
        ends: Ascending character offsets, int64 [tokens].
        opens_word: Whether a token starts a word, bool [tokens].
        seams: Offsets at which a word was cut to be encoded. A count over a seam is not exact.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    opens_word: NDArray[np.bool_]
    seams: tuple[int, ...]

    def count(self, start: int, end: int) -> int | None:
        """Return the number of tokens of `text[start:end]`, None if a cut inside a word makes it unknown."""
        first, last = np.searchsorted(self.starts, (start, end)).tolist()
        if not (self._is_edge(start, first) and self._is_edge(end, last)):
            return None
        if bisect_right(self.seams, start) < bisect_left(self.seams, end):
            return None
        return int(last - first)

    def _is_edge(self, position: int, token: int) -> bool:
        if token > 0 and self.ends[token - 1] > position:
            return False
        return token in (0, len(self.starts)) or bool(self.opens_word[token])


class TokenCounter:
    """Counts and locates tokens with the tokenizer of a `tokenizer.json` file, without special tokens.

    Attributes:
        context_free: Whether a text cut between words has the tokens of its parts. If not (byte-level and
            SentencePiece tokenizers, which mark the space before a word), a part can have one more token.
        path: The file.
        fingerprint: 12 hexadecimal digits of the file's SHA-256. Another tokenizer gives other chunks.
    """

    def __init__(self, path: Path) -> None:
        """Read the tokenizer.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: The file is not a Hugging Face tokenizer.
        """
        self.path = path
        content = path.read_bytes()
        try:
            self._tokenizer = Tokenizer.from_buffer(content)
            self.context_free = _is_context_free(json.loads(content))
        except Exception as error:
            raise ValueError(f"{path} is not a Hugging Face tokenizer.json: {error}") from error
        # A saved tokenizer may pad and truncate to the model's length, which would hide most of a document.
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.fingerprint = hashlib.sha256(content).hexdigest()[:12]

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text."""
        return [
            len(encoding)
            for batch in _batches(texts)
            for encoding in self._tokenizer.encode_batch_fast(batch, add_special_tokens=False)
        ]

    def locate(self, texts: Sequence[str]) -> list[TokenMap]:
        """Return the positions of the tokens of each text. Uses all threads that the tokenizer may use."""
        windows = [list(_windows(text)) for text in texts]
        parts = [text[start:end] for text, spans in zip(texts, windows, strict=True) for start, end, _ in spans]
        encoded = (
            _TokenSpan.of(encoding)
            for batch in _batches(parts)
            for encoding in self._tokenizer.encode_batch(batch, add_special_tokens=False)
        )
        return [_join(spans, list(islice(encoded, len(spans)))) for spans in windows]


@dataclass(frozen=True, slots=True)
class _TokenSpan:
    offsets: NDArray[np.int64]
    opens_word: NDArray[np.bool_]

    @classmethod
    def of(cls, encoding: Encoding) -> "_TokenSpan":
        offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
        # Special tokens in the text belong to no word (None, here NaN, which differs from itself).
        words = np.array(encoding.word_ids, dtype=np.float64)
        opens_word = np.ones(len(words), dtype=np.bool_)
        opens_word[1:] = words[1:] != words[:-1]
        return cls(offsets, opens_word)


def _join(spans: list[tuple[int, int, bool]], parts: list[_TokenSpan]) -> TokenMap:
    offsets = [part.offsets + start for (start, _, _), part in zip(spans, parts, strict=True)]
    whole = np.concatenate(offsets) if offsets else np.empty((0, 2), dtype=np.int64)
    opens_word = [part.opens_word for part in parts]
    return TokenMap(
        starts=np.ascontiguousarray(whole[:, 0]),
        ends=np.ascontiguousarray(whole[:, 1]),
        opens_word=np.concatenate(opens_word) if opens_word else np.empty(0, dtype=np.bool_),
        seams=tuple(end for _, end, is_seam in spans if is_seam),
    )


def _windows(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, whether a word is cut at the end) of windows that cover the text."""
    start = 0
    while len(text) - start > WINDOW_CHARACTERS:
        limit = start + WINDOW_CHARACTERS
        space = max(text.rfind(" ", start + 1, limit), text.rfind("\n", start + 1, limit))
        end = limit if space < 0 else space
        yield start, end, space < 0
        start = end
    if start < len(text):
        yield start, len(text), False


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    for first in range(0, len(texts), WINDOWS_PER_BATCH):
        yield list(texts[first : first + WINDOWS_PER_BATCH])


def _is_context_free(definition: dict[str, dict[str, str] | None]) -> bool:
    pre_tokenizer = definition.get("pre_tokenizer") or {}
    return pre_tokenizer.get("type") in _CONTEXT_FREE_PRE_TOKENIZERS
