"""Texts to unit vectors, with onnxruntime and tokenizers alone.

Every text runs through the network alone, and `threads` of them run in parallel. So there is no padding, a vector
depends on its text only (even with INT8's dynamic activation scales), and memory is bounded by `threads` texts. Tokens
per second on one thread with INT8, relative to the best batch of equal lengths: 0.6 at 16 tokens, 0.9 at 64, 0.95 at
128, 1.0 at 256, where a batch's activations outgrow the cache.
"""

import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from xnai_pipelines.encoders.expansion import expanded
from xnai_pipelines.encoders.runtime import Runtime, int8_sums_saturate
from xnai_pipelines.encoders.specification import (
    COMPANION,
    MODEL_FILE,
    TOKENIZER_FILE,
    EncoderSpec,
    Pooling,
    read_encoder_file,
)
from xnai_pipelines.encoders.writing import Writing, more_fluent, writing, writing_of
from xnai_pipelines.state.artefacts import file_sha256, read_card

_log = logging.getLogger(__name__)

# Texts submitted to the threads together: bounds the futures in memory, far above any thread count.
_WINDOW = 1024

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Vectors of texts, in the texts' order.

    `vectors` is float32 [texts, dimension], rows of unit length. `tokens` counts those that passed the network,
    `truncated` the texts cut to the encoder's maximum length.
    """

    vectors: Vector
    tokens: int
    truncated: int


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """The tokens of one text in its context, and the text's own vector.

    Attributes:
        vectors: float32 [t, dimension], rows of unit length.
        spans: First character of each token in the text and the one after it; both equal for special tokens.
        text_vector: What `encode_passages` or `encode_query` gives for the text: float32 [dimension].
        truncated: Whether the text was cut to the encoder's maximum length.
    """

    vectors: Vector
    spans: tuple[tuple[int, int], ...]
    text_vector: Vector
    truncated: bool


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class _Opened:
    """A graph and a tokenizer, which nothing changes."""

    session: onnxruntime.InferenceSession
    tokenizer: Tokenizer

    @classmethod
    def of(cls, model: Path, folder: Path, max_length: int) -> "_Opened":
        return cls(open_session(model), open_tokenizer(folder, max_length))


# What encoders of this process have open, by the content of the files.
_OPEN: WeakValueDictionary[tuple[str, str, int], _Opened] = WeakValueDictionary()


class Encoder:
    """A loaded encoder. Thread-safe.

    With a companion a vector is both encoders' side by side, so a cosine is the weighted mean of theirs. Tokens are
    those of the encoder itself.
    """

    def __init__(self, spec: EncoderSpec, opened: "_Opened", threads: int, companion: "Encoder | None" = None) -> None:
        self.spec = spec
        self.threads = threads
        self._opened = opened
        self._session = opened.session
        self._tokenizer = opened.tokenizer
        self._companion = companion
        self._inputs = [node.name for node in opened.session.get_inputs()]
        self._last_query: tuple[str, Tokens, Encoding] | None = None

    @classmethod
    def load(cls, folder: Path, threads: int) -> "Encoder":
        """Load a built encoder after comparing each file's SHA-256 with card.json (20 to 100 ms).

        Graph and tokenizer of one that this process has open already are shared (300 ms less for MiniLM, and its
        memory). Stored weights are expanded to the executable graph on their first load (MiniLM: 6 s).

        Raises:
            DamagedArtefactError: A file is missing or differs from the card.
            ValueError: `threads` is below 1.
        """
        if threads < 1:
            raise ValueError(f"threads is {threads}; an encoder needs at least 1.")
        served = expanded(folder)
        card = read_card(served)
        int8 = Runtime.of_card(card) in (Runtime.INT8_DYNAMIC, Runtime.INT8_STATIC)
        if int8 and not card["reduce_range"] and int8_sums_saturate():
            _log.warning(
                "%s was built on a processor with VNNI; on this one its 8-bit sums saturate and vectors are "
                "less exact. Delete the folder; the next run builds it for this processor.",
                served,
            )
        spec = read_encoder_file(folder)
        content = (repr(card["files"]), file_sha256(folder / TOKENIZER_FILE), spec.max_length)
        opened = _OPEN.get(content)
        if opened is None:
            _OPEN[content] = opened = _Opened.of(served / MODEL_FILE, folder, spec.max_length)
        return cls(spec, opened, threads, cls.load(folder / COMPANION, threads) if spec.companion else None)

    @classmethod
    def open_unchecked(cls, folder: Path, threads: int, model: Path | None = None) -> "Encoder":
        """Open a folder that is being built and has no card yet; its graph may be elsewhere."""
        spec = read_encoder_file(folder)
        return cls(spec, _Opened.of(model or folder / MODEL_FILE, folder, spec.max_length), threads)

    @property
    def vector_space(self) -> str:
        """The name of the vectors' space; compare only vectors of one space."""
        return self.spec.vector_space

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self.spec.dimension

    @property
    def max_length(self) -> int:
        """Max tokens of a text, special tokens included."""
        return self.spec.max_length

    def encode_passages(
        self,
        texts: Sequence[str],
        progress: Callable[[int], object] | None = None,
        keep: Callable[[int, Tokens], object] | None = None,
    ) -> Encoded:
        """Encode passages.

        Args:
            texts: Passages.
            progress: Called with 1 after each one, from the calling thread.
            keep: Called with the place of each passage and its tokens, from an encoding thread.
        """
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        tokens = truncated = 0
        row = 0

        def encode(place: int) -> tuple[Vector, int, bool]:
            if keep is None:
                return self._passage(texts[place])
            found = self.passage_tokens(texts[place])
            keep(place, found)
            return found.text_vector, len(found.spans), found.truncated

        places = iter(range(len(texts)))
        with ThreadPoolExecutor(self.threads, thread_name_prefix="encode") as pool:
            while window := list(islice(places, _WINDOW)):
                for vector, length, cut in pool.map(encode, window):
                    vectors[row] = vector
                    row += 1
                    tokens += length
                    truncated += cut
                    if progress is not None:
                        progress(1)
        return Encoded(vectors, tokens, truncated)

    def passage_tokens(self, text: str) -> Tokens:
        """Return a passage's tokens, without those of the prefix."""
        prefix = self.spec.passage_prefix
        found = self._tokens(prefix, self._tokenizer.encode(prefix + text))
        if self._companion is None:
            return found
        return replace(found, text_vector=self._with(found.text_vector, self._companion.encode_passage(text)))

    def query_tokens(self, text: str) -> Tokens:
        """Return a query's tokens, without those of the prefix; their arrays are read-only.

        Those of the last query are kept: an answer ranks by its vector, then reads these.
        """
        return self._query(text)[0]

    def _query(self, text: str) -> tuple[Tokens, Encoding]:
        last = self._last_query
        if last is None or last[0] != text:
            encoding = self._tokenizer.encode(self.spec.query_prefix + text)
            tokens = self._tokens(self.spec.query_prefix, encoding)
            if self._companion is not None:
                tokens = replace(tokens, text_vector=self._with(tokens.text_vector, self._companion.encode_query(text)))
            for array in (tokens.vectors, tokens.text_vector):
                array.flags.writeable = False  # they are given more than once
            last = self._last_query = (text, tokens, encoding)
        return last[1:]

    def encode_query(self, text: str) -> Vector:
        """Return a query's vector: float32 [dimension], unit length."""
        return self.query_tokens(text).text_vector

    def encode_passage(self, text: str) -> Vector:
        """Return one passage's vector: float32 [dimension], unit length."""
        return self._passage(text)[0]

    def writing(self, text: str) -> Writing:
        """Return what the tokenizer makes of a text, or the companion's if that knows its writing better."""
        own = writing(self._tokenizer, text)
        return own if self._companion is None else more_fluent(own, self._companion.writing(text))

    def query_writing(self, text: str) -> Writing:
        """Return what `writing` does of a query, from the tokens that its vector is made of if they are the same."""
        tokens, encoding = self._query(text)
        if self._companion is not None or self.spec.query_prefix or tokens.truncated:
            return self.writing(text)
        return writing_of(self._tokenizer, text, encoding)

    def has_word(self, word: str) -> bool:
        """Return whether a tokenizer's vocabulary has the word whole: then it is a common one, spelt right."""
        found = writing(self._tokenizer, word)
        whole = found.tokens == 1 and not found.unknown
        return whole or (self._companion is not None and self._companion.has_word(word))

    def encode_padded(self, texts: Sequence[str]) -> Vector:
        """Encode passages as one padded batch: float32 [texts, dimension], rows of unit length.

        For comparison with other servers, which pad; `encode_passages` never does.
        """
        encodings = self._tokenizer.encode_batch_fast([self.spec.passage_prefix + text for text in texts])
        longest = max(len(encoding.ids) for encoding in encodings)
        feed = {name: np.zeros((len(texts), longest), dtype=np.int64) for name in self._inputs}
        for row, encoding in enumerate(encodings):
            # padding is masked: any token will do
            for name, ids in graph_inputs(encoding, self._inputs).items():
                feed[name][row, : ids.shape[1]] = ids[0]
        hidden: Vector = self._session.run(None, feed)[0]
        vectors = np.stack(
            [
                pool(tokens[: len(encoding.ids)], self.spec.pooling)
                for tokens, encoding in zip(hidden, encodings, strict=True)
            ]
        )
        return vectors if self._companion is None else self._with(vectors, self._companion.encode_padded(texts))

    def _tokens(self, prefix: str, encoding: Encoding) -> Tokens:
        hidden: Vector = self._session.run(None, graph_inputs(encoding, self._inputs))[0][0]
        spans = tuple((max(0, start - len(prefix)), max(0, end - len(prefix))) for start, end in encoding.offsets)
        vectors = hidden / np.linalg.norm(hidden, axis=1, keepdims=True)
        return Tokens(vectors, spans, pool(hidden, self.spec.pooling), bool(encoding.overflowing))

    def _passage(self, text: str) -> tuple[Vector, int, bool]:
        """Return a passage's vector, the number of tokens, and whether the passage was truncated."""
        # unlike encode(), encode_batch_fast releases the interpreter lock and tracks no offsets
        encoding = self._tokenizer.encode_batch_fast([self.spec.passage_prefix + text])[0]
        hidden: Vector = self._session.run(None, graph_inputs(encoding, self._inputs))[0][0]
        vector = pool(hidden, self.spec.pooling)
        if self._companion is not None:
            vector = self._with(vector, self._companion.encode_passage(text))
        return vector, len(encoding.ids), bool(encoding.overflowing)

    def _with(self, own: Vector, others: Vector) -> Vector:
        """Return unit vectors, float32 [..., own + others], whose cosine is the weighted mean of both cosines."""
        share = self.spec.companion_weight
        joined: Vector = np.concatenate([np.sqrt(1 - share) * own, np.sqrt(share) * others], axis=-1, dtype=np.float32)
        return joined


def open_tokenizer(folder: Path, max_length: int) -> Tokenizer:
    """Open a built encoder's tokenizer: no padding, texts truncated to `max_length` tokens."""
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length)
    return tokenizer


def graph_inputs(encoding: Any, names: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Return a tokenized text as a graph's inputs, int64 [1, tokens] by name."""
    arrays = {
        "input_ids": encoding.ids,
        "attention_mask": encoding.attention_mask,
        "token_type_ids": encoding.type_ids,
    }
    return {name: np.array([arrays[name]], dtype=np.int64) for name in names}


def pool(hidden: Vector, pooling: Pooling) -> Vector:
    """Reduce a text's token vectors, float32 [tokens, dimension], to one of unit length."""
    pooled = hidden[0] if pooling == "cls" else hidden.mean(axis=0)
    unit: Vector = pooled / np.linalg.norm(pooled)
    return unit


def open_session(model: Path) -> onnxruntime.InferenceSession:
    """Open a graph that computes one text at a time on its caller's thread."""
    _limit_numpy()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # texts run in parallel
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # plans are kept for each text length and save no time
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        model,
        options,
        providers=["CPUExecutionProvider"],
        # the fused kernel is several times slower than an addition and a LayerNormalization (10 % of a run)
        disabled_optimizers=["SkipLayerNormFusion"],
    )


@cache
def _limit_numpy() -> None:
    """Give NumPy one thread for matrix products, unless `OPENBLAS_NUM_THREADS` says how many.

    More of them wait for each other in a loop, and take the processors from the threads that encode: embedding needs
    half as much processor time again. NumPy reads that variable only while it is imported, which may be before this.
    """
    # imported here: what reads vectors alone need not load it
    from threadpoolctl import threadpool_limits

    if "OPENBLAS_NUM_THREADS" not in os.environ:
        threadpool_limits(1, user_api="blas")
