"""Passages to vectors by workers: each encodes a shard of texts and writes an Arrow file, which one process reads.

A text is in the shard that its hash says, so shards do not depend on the number of workers. A shard's files are named
after its content: what a killed run had encoded is found by the next. Every text runs through the network alone, so
the vectors are the same bytes as without workers.
"""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from xnai_pipelines.compute.arrow_files import read_arrow, write_arrow
from xnai_pipelines.compute.engine import Engine, in_shards
from xnai_pipelines.encoders.encoder import Encoded, Encoder, Tokens
from xnai_pipelines.encoders.token_codes import TokenCodes

TEXTS_IN_SHARD = 64  # seconds of work: far more than it costs to hand it out, little to lose


@dataclass(frozen=True, slots=True)
class TextShard:
    """Texts for one worker.

    Attributes:
        encoder: Folder of the encoder.
        texts: Arrow file of the texts and their keys.
        result: Arrow file that the worker writes; there already if the shard was done.
        keep_tokens: Whether the result holds token codes.
    """

    encoder: Path
    texts: Path
    result: Path
    keep_tokens: bool


@dataclass(frozen=True, slots=True)
class Spread:
    """Encoding by the workers of an engine.

    Attributes:
        engine: Where the workers are.
        folder: Folder for the shards' files, which every worker reaches; removed when all is read.
    """

    engine: Engine
    folder: Path

    def pays(self, texts: int) -> bool:
        """Return whether so many texts are worth handing out."""
        return self.engine.apart and texts > TEXTS_IN_SHARD

    def encode(
        self, encoder: Encoder, texts: Mapping[str, str], progress: Callable[[int], object], *, keep_tokens: bool
    ) -> tuple[Encoded, dict[str, TokenCodes]]:
        """Return the vectors of texts by their keys, in the order of the keys, and token codes if they are kept.

        Args:
            encoder: Encoder of the home, whose folder the workers open.
            texts: Texts by key, a hash in hexadecimal digits.
            progress: Called with the number of texts of each shard that is done.
            keep_tokens: Whether to return token codes.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        vectors = np.empty((len(texts), encoder.dimension), np.float32)
        place = {key: row for row, key in enumerate(texts)}
        codes: dict[str, TokenCodes] = {}
        tokens = truncated = 0
        for result in self.engine.map(encode_shard, self._shards(encoder, texts, keep_tokens=keep_tokens)):
            rows = read_arrow(result)
            keys = rows["key"].to_pylist()
            shape = (len(keys), encoder.dimension)
            vectors[[place[key] for key in keys]] = rows["vector"].combine_chunks().flatten().to_numpy().reshape(shape)
            if keep_tokens:
                codes |= zip(keys, map(TokenCodes.read, rows["codes"].to_pylist()), strict=True)
            counts = rows.schema.metadata
            tokens += int(counts[b"tokens"])
            truncated += int(counts[b"truncated"])
            progress(len(keys))
        shutil.rmtree(self.folder)
        return Encoded(vectors, tokens, truncated), codes

    def _shards(self, encoder: Encoder, texts: Mapping[str, str], *, keep_tokens: bool) -> list[TextShard]:
        """Write the texts by shards and return those."""
        shards = []
        for keys in in_shards(texts, TEXTS_IN_SHARD):
            name = hashlib.sha256("\n".join((encoder.vector_space, str(keep_tokens), *keys)).encode()).hexdigest()
            shard = TextShard(
                encoder=encoder.spec.source,
                texts=self.folder / f"{name}.texts.arrow",
                result=self.folder / f"{name}.vectors.arrow",
                keep_tokens=keep_tokens,
            )
            write_arrow(shard.texts, pa.table({"key": keys, "text": [texts[key] for key in keys]}))
            shards.append(shard)
        return shards


def encode_shard(shard: TextShard) -> Path:
    """Return the file of a shard's vectors; encode its texts if that was not done."""
    if not shard.result.is_file():
        texts = read_arrow(shard.texts)
        encoder = _encoder(shard.encoder)
        codes: list[bytes | None] = [None] * len(texts)

        def keep(row: int, found: Tokens) -> None:
            codes[row] = TokenCodes.of(found.vectors, found.spans).write()

        encoded = encoder.encode_passages(texts["text"].to_pylist(), keep=keep if shard.keep_tokens else None)
        vectors = pa.FixedSizeListArray.from_arrays(pa.array(encoded.vectors.ravel()), encoder.dimension)
        rows = pa.table({"key": texts["key"], "vector": vectors, "codes": pa.array(codes, pa.binary())})
        counts = {"tokens": str(encoded.tokens), "truncated": str(encoded.truncated)}
        write_arrow(shard.result, rows.replace_schema_metadata(counts))
    return shard.result


@lru_cache(maxsize=1)
def _encoder(folder: Path) -> Encoder:
    """Return a worker's encoder: of one thread, since each processor has a worker."""
    return Encoder.load(folder, threads=1)
