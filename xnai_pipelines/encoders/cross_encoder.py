"""A cross-encoder: reads a question and a passage together and gives one score, with ONNX Runtime.

Every pair runs alone, as texts do in an encoder: a score depends on its pair only, whatever is asked beside it.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from xnai_pipelines.encoders.encoder import graph_inputs, open_session, open_tokenizer
from xnai_pipelines.encoders.specification import MODEL_FILE
from xnai_pipelines.errors import UnsupportedEncoderError
from xnai_pipelines.state.artefacts import read_card


class CrossEncoder:
    """A loaded cross-encoder. Thread-safe."""

    def __init__(self, session: onnxruntime.InferenceSession, tokenizer: Tokenizer, threads: int) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._threads = threads
        self._inputs = [node.name for node in session.get_inputs()]

    @classmethod
    def load(cls, folder: Path, threads: int) -> Self:
        """Load a built cross-encoder after comparing its files with card.json.

        Raises:
            DamagedArtefactError: A file is missing or differs from the card.
        """
        return cls.open_unchecked(folder, read_card(folder)["max_length"], threads)

    @classmethod
    def open_unchecked(cls, folder: Path, max_length: int, threads: int) -> Self:
        """Open a folder that is being built and has no card yet."""
        return cls(open_session(folder / MODEL_FILE), open_tokenizer(folder, max_length), threads)

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """Return how well each passage answers the question, as logits: float32 [n].

        Raises:
            UnsupportedEncoderError: The model gives another number of values per pair than one.
        """
        with ThreadPoolExecutor(self._threads, thread_name_prefix="rerank") as pool:
            return np.array(list(pool.map(lambda passage: self._score(question, passage), passages)), np.float32)

    def _score(self, question: str, passage: str) -> float:
        encoding = self._tokenizer.encode_batch_fast([(question, passage)])[0]
        logits: NDArray[np.float32] = self._session.run(None, graph_inputs(encoding, self._inputs))[0]
        if logits.size != 1:
            raise UnsupportedEncoderError(
                f"The cross-encoder gives {logits.size} values per pair; a re-ranker gives one. Choose a model with "
                "one label."
            )
        return float(logits.reshape(()))
