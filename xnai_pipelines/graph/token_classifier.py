"""A token classifier in ONNX: reads names by the label of each word, such as B-PER and I-PER.

Every window of a text runs through the network alone, as texts do in an encoder: what is found in a text depends on
the text only, even with INT8's dynamic scales, and memory is bounded by `threads` windows.
"""

import hashlib
import json
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.errors import SettingsError
from xnai_pipelines.graph.recogniser import Name, Recognised, name_within
from xnai_pipelines.state.artefacts import file_sha256

if TYPE_CHECKING:
    import onnxruntime
    from tokenizers import Tokenizer

VERSION = 1  # raised when the same network gives other names
MODEL, TOKENIZER, CONFIG = "model.onnx", "tokenizer.json", "config.json"
LONGEST_WINDOW = 512  # tokens
OVERLAP = 64  # tokens that two windows of a text share
OUTSIDE = "O"
_GOES_ON = frozenset("IMEL")  # of BIO, BIOES, BMES and BILOU; any other begins
_ENDS = frozenset("ELSU")
_INPUTS = frozenset({"input_ids", "attention_mask", "token_type_ids"})


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its label and the label's probability."""

    start: int
    end: int
    label: str
    confidence: float


class TokenClassifier:
    """A folder with config.json, tokenizer.json and model.onnx (fp32 or INT8)."""

    name = "token-classifier"
    at_once = 256

    def __init__(self, folder: Path, threads: int) -> None:
        """Open the folder's files, and let the network read a word.

        Raises:
            SettingsError: The folder lacks a file or its labels, or its files are not a token classifier.
        """
        self._folder, self._threads = folder, threads
        lacks = [name for name in (CONFIG, TOKENIZER, MODEL) if not (folder / name).is_file()]
        if lacks:
            raise self._refused(f"{'it lacks' if folder.is_dir() else 'there is no such folder with'} {_all(lacks)}")
        self._labels = self._read_labels()
        self._session, self._tokenizer, self._inputs = self._opened()
        list(self._windows("a"))

    @cached_property
    def version(self) -> str:
        """A hash of the folder's files: 12 hexadecimal digits."""
        found = sorted(self._folder.glob("*"))
        files = (file_sha256(path) for path in found if path.suffix in (".onnx", ".json", ".data"))
        return hashlib.sha256(" ".join([str(VERSION), *files]).encode()).hexdigest()[:12]

    def read(self, texts: Sequence[str]) -> Generator[tuple[int, Recognised | str], None, str]:
        """Yield the names of each text."""
        with ThreadPoolExecutor(self._threads, thread_name_prefix="recognise") as pool:
            yield from enumerate(pool.map(self._recognised, texts))
        return ""

    def _recognised(self, text: str) -> Recognised:
        return Recognised(tuple(names_of(text, words_of(self._windows(text), self._labels))))

    def _windows(self, text: str) -> Iterator[tuple[Any, NDArray[np.float64]]]:
        """Yield the windows of a text, tokenized, with the probability of each label: float64 [tokens, labels]."""
        encoding = self._tokenizer.encode(text)
        for window in (encoding, *encoding.overflowing):
            arrays = {"input_ids": window.ids, "attention_mask": window.attention_mask}
            arrays["token_type_ids"] = window.type_ids
            given = {name: np.array([arrays[name]], dtype=np.int64) for name in self._inputs}
            logits = self._session.run(None, given)[0]
            if logits.shape != (1, len(window.ids), len(self._labels)):
                raise self._refused(
                    f"{MODEL} gives an array {logits.shape} for {len(window.ids)} tokens, and {CONFIG} has "
                    f"{len(self._labels)} labels"
                )
            odds = np.exp(logits[0].astype(np.float64) - logits[0].max(axis=1, keepdims=True))
            yield window, odds / odds.sum(axis=1, keepdims=True)

    def _opened(self) -> "tuple[onnxruntime.InferenceSession, Tokenizer, list[str]]":
        from tokenizers import Tokenizer

        from xnai_pipelines.encoders.encoder import open_session

        try:
            tokenizer = Tokenizer.from_file(str(self._folder / TOKENIZER))
            session = open_session(self._folder / MODEL)
        except Exception as error:  # neither library has a class of its own for it
            raise self._refused(f"its files cannot be opened ({error})") from error
        tokenizer.no_padding()
        limit = self._limit()
        special = tokenizer.num_special_tokens_to_add(is_pair=False)
        tokenizer.enable_truncation(limit, stride=min(OVERLAP, (limit - special) // 4))
        inputs = [node.name for node in session.get_inputs()]
        if unknown := sorted(set(inputs) - _INPUTS):
            raise self._refused(f"{MODEL} has the input {', '.join(unknown)}; allowed are {', '.join(sorted(_INPUTS))}")
        return session, tokenizer, inputs

    def _config(self) -> dict[str, Any]:
        try:
            config = json.loads((self._folder / CONFIG).read_bytes())
        except ValueError:
            config = None
        if not isinstance(config, dict):
            raise self._refused(f"its {CONFIG} is not a JSON object")
        return config

    def _read_labels(self) -> list[str]:
        labels: Any = self._config().get("id2label")
        try:
            return [str(labels[str(at)]) for at in range(len(labels))]
        except (TypeError, KeyError):
            raise self._refused(f"its {CONFIG} has no id2label that numbers the labels from 0") from None

    def _limit(self) -> int:
        positions = self._config().get("max_position_embeddings")
        return min(LONGEST_WINDOW, positions) if isinstance(positions, int) else LONGEST_WINDOW

    def _refused(self, why: str) -> SettingsError:
        return SettingsError(
            f"XNAI_GRAPH_RECOGNISER={str(self._folder)!r}: {why}. It must be a folder of a token classifier with "
            f"{CONFIG}, {TOKENIZER} and {MODEL}, as `optimum-cli export onnx --task token-classification` writes it."
        )


def _all(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + (" and " if names[1:] else "") + names[-1]


def words_of(windows: Iterator[tuple[Any, NDArray[np.float64]]], labels: Sequence[str]) -> list[Word]:
    """Return the words of a text in order. A word has the label of its first token, and a window may end within it.

    A token that two windows have is taken from the window in which it is farther from an end.
    """
    best: dict[tuple[int, int, int], tuple[int, int, float]] = {}  # word and range: margin, label, its probability
    for window, probabilities in windows:
        tokens = [(word, *window.offsets[at], at) for at, word in enumerate(window.word_ids) if word is not None]
        for rank, (word, start, end, at) in enumerate(tokens):
            margin, label = min(rank, len(tokens) - 1 - rank), int(probabilities[at].argmax())
            before = best.get((word, start, end))
            if before is None or before[0] < margin:
                best[word, start, end] = margin, label, float(probabilities[at, label])
    words = []
    for _, group in groupby(sorted(best), key=lambda token: token[0]):
        first, *rest = group
        _, label, confidence = best[first]
        words.append(Word(first[1], rest[-1][2] if rest else first[2], labels[label], confidence))
    return words


def names_of(text: str, words: Sequence[Word]) -> Iterator[Name]:
    """Yield the names that the words' labels spell, each with the mean confidence of its words."""
    parts: list[Word] = []
    kind = ""
    for word in [*words, Word(len(text), len(text), OUTSIDE, 1.0)]:
        how, _, what = word.label.partition("-") if word.label[1:2] == "-" else ("I", "", word.label)
        is_inside = word.label != OUTSIDE
        if parts and not (is_inside and how in _GOES_ON and what == kind):
            yield from _name(text, parts, kind)
            parts = []
        if is_inside:
            parts, kind = [*parts, word], what
        if how in _ENDS and parts:
            yield from _name(text, parts, kind)
            parts = []


def _name(text: str, parts: Sequence[Word], kind: str) -> Iterator[Name]:
    confidence = round(sum(one.confidence for one in parts) / len(parts), 4)
    return name_within(text, parts[0].start, parts[-1].end, kind, confidence)
