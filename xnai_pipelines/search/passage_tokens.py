"""The token vectors of a release's passages: as the home's cache keeps them, or computed."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from xnai_pipelines.encoders.cache import stored_tokens, text_sha256
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.token_codes import TokenCodes, rotated_query
from xnai_pipelines.search.corpus import Corpus


class PassageTokens:
    """The tokens of a corpus' passages by the release's encoder."""

    def __init__(self, corpus: Corpus, encoder: Encoder, cache: Path) -> None:
        self._corpus = corpus
        self._encoder = encoder
        self._cache = cache

    def question(self, text: str) -> npt.NDArray[np.float32]:
        """Return the rotated token vectors of a question: float32 [q, d]."""
        tokens = self._encoder.query_tokens(text)
        return rotated_query(tokens.vectors, tokens.spans)

    def of(self, rows: Sequence[int]) -> list[TokenCodes]:
        """Return the tokens of the passages in these rows, with spans in the passage.

        Those that the pipeline did not keep are computed: the same, but slower.
        """
        passages = self._corpus.passage_texts(rows)
        keys = [text_sha256(passage) for passage in passages]
        known = stored_tokens(self._cache, self._encoder.vector_space, keys)
        return [known.get(key) or self._computed(passage) for key, passage in zip(keys, passages, strict=True)]

    def _computed(self, passage: str) -> TokenCodes:
        tokens = self._encoder.passage_tokens(passage)
        return TokenCodes.of(tokens.vectors, tokens.spans)
