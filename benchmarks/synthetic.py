"""Documents of any number with the sentences of a home, and vectors like its own: what an encoder would take days for.

A passage is a stored passage with some sentences of another one of its document; its vector is that passage's, moved by
differences of stored vectors. Each document has a few words that no other has, as new documents bring new words.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from xnai_pipelines.encoders.cache import text_sha256
from xnai_pipelines.encoders.encoder import Encoded, Encoder, Tokens
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.table_reading import vectors_of
from xnai_pipelines.state.tables import Tables

SECTIONS = 10  # of a document
FOREIGN = 0.3  # sentences of a passage that are another one's
OWN_WORDS = 3  # of a document
DIFFERENCES, MOVED = 3, 0.27  # random pairs of vectors, and how far along their difference: cosine .8 to the original
IN_FOLDER = 500  # documents
COPY = "0000"  # in words that only one document has; copies of it have their number there
TOKENS = 8  # kept of each passage; a real one has about 90, and 5 kB of codes

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n\s*\n")
_WORD = re.compile(r"[a-z]{7,}")

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Pattern:
    """The passages of a home that documents are made of.

    Attributes:
        sentences: Sentences of each passage.
        vectors: Vectors of the passages: float32 [n, d].
        documents: Places of the passages of each document.
    """

    sentences: Sequence[Sequence[str]]
    vectors: Vectors
    documents: Sequence[Sequence[int]]

    @classmethod
    def of(cls, home: Path) -> Self:
        """Return the passages of the home's current release that have a sentence of 20 characters."""
        layout = Home(home)
        rows = Tables.of(layout).open(Releases(layout.releases).require().embeddings_table)
        found = rows.search().select(["chunk_id", "document_id", "text", "vector"]).to_arrow().sort_by("chunk_id")
        sentences = [[one for one in _SENTENCE.split(text) if len(one) > 20] for text in found["text"].to_pylist()]
        kept = [place for place, some in enumerate(sentences) if some]
        documents = defaultdict(list)
        for place, row in enumerate(kept):
            documents[found["document_id"][row].as_py()].append(place)
        return cls([sentences[row] for row in kept], vectors_of(found)[kept], [*documents.values()])

    @cached_property
    def passage_of(self) -> dict[str, int]:
        """The passage that each sentence is from."""
        return {sentence: place for place, some in enumerate(self.sentences) for sentence in some}

    def write(self, folder: Path, number: int) -> None:
        """Write one Markdown document, always the same for a number."""
        path = folder / place_of(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._document(number), encoding="utf-8")

    def _document(self, number: int) -> str:
        generator = np.random.default_rng(number)
        passages = self.documents[generator.integers(len(self.documents))]
        own = [self._new_word(generator) for _ in range(OWN_WORDS)]
        parts = [f"# {own[0].capitalize()} {number}"]
        for section in range(SECTIONS):
            text = [*self.sentences[passages[generator.integers(len(passages))]]]
            other = self.sentences[passages[generator.integers(len(passages))]]
            for place in np.flatnonzero(generator.random(len(text)) < FOREIGN):
                text[place] = other[generator.integers(len(other))]
            text.append(f"See {own[section % OWN_WORDS]}, part {section + 1}.")
            parts += [f"## {own[section % OWN_WORDS].capitalize()} {section + 1}", "\n\n".join(text)]
        return "\n\n".join(parts) + "\n"

    def _new_word(self, generator: np.random.Generator) -> str:
        first, second = (self._words[generator.integers(len(self._words))] for _ in range(2))
        return first[: len(first) // 2 + 1] + second[len(second) // 2 :] + COPY

    @cached_property
    def _words(self) -> list[str]:
        return sorted({word for some in self.sentences for sentence in some for word in _WORD.findall(sentence)})

    def vector(self, passage: str) -> Vectors:
        """Return a vector for a passage that was made of these: float32 [d], unit length."""
        generator = np.random.default_rng(int(text_sha256(passage)[:16], 16))
        known = [self.passage_of[one] for one in _SENTENCE.split(passage) if one in self.passage_of]
        base = self.vectors[known].mean(axis=0) if known else self.vectors[generator.integers(len(self.vectors))]
        pairs = self.vectors[generator.integers(len(self.vectors), size=(2, DIFFERENCES))]
        moved = base / np.linalg.norm(base) + MOVED * (pairs[0] - pairs[1]).sum(axis=0)
        return (moved / np.linalg.norm(moved)).astype(np.float32)


def place_of(number: int) -> str:
    """Return the path of a document in its folder."""
    return f"{number // IN_FOLDER:04}/{number:07}.md"


class StandIn(Encoder):
    """An encoder that encodes questions, and takes the vectors of passages from a pattern."""

    pattern: Pattern

    @classmethod
    def of(cls, encoder: Encoder, pattern: Pattern) -> Self:
        """Return the encoder with the pattern's passages."""
        made = cls(encoder.spec, encoder._opened, encoder.threads)
        made.pattern = pattern
        return made

    def encode_passages(
        self,
        texts: Sequence[str],
        progress: Callable[[int], object] | None = None,
        keep: Callable[[int, Tokens], object] | None = None,
    ) -> Encoded:
        """Return the vectors that the pattern gives, and a few tokens."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        spans = tuple((place, place + 1) for place in range(TOKENS))
        for place, text in enumerate(texts):
            vectors[place] = self.pattern.vector(text)
            if keep is not None:
                keep(place, Tokens(np.tile(vectors[place], (TOKENS, 1)), spans, vectors[place], truncated=False))
            if progress is not None:
                progress(1)
        return Encoded(vectors, TOKENS * len(texts), 0)
