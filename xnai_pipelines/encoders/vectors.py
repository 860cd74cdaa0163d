"""Vectors of passages, from the cache if it has them."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from xnai_pipelines.encoders.cache import VectorCache, text_sha256
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.state.context import StageContext
from xnai_pipelines.state.progress import Advance
from xnai_pipelines.state.schemas import CHUNKS


def trim_cache(context: StageContext) -> int:
    """Remove the cached vectors of all passages that are in no chunk now; return how many."""
    passages = context.tables.stream(CHUNKS, ["passage"])
    with VectorCache(context.home.vector_cache) as cache:
        return cache.keep_only({key for batch in passages for key in map(text_sha256, batch["passage"].to_pylist())})


def passage_vectors(
    encoder: Encoder, cache: VectorCache, passages: Sequence[str], advance: Advance
) -> tuple[npt.NDArray[np.float32], Counter[str]]:
    """Return the passages' vectors, float32 [n, dimension], and what was done; each distinct text is encoded once."""
    keys = [text_sha256(passage) for passage in passages]
    known = cache.get_many(encoder.vector_space, keys)
    missing = {key: passage for key, passage in zip(keys, passages, strict=True) if key not in known}
    advance(len(keys) - len(missing))
    encoded = encoder.encode_passages(list(missing.values()), advance)
    cache.put_many(encoder.vector_space, list(missing), encoded.vectors)
    known.update(zip(missing, encoded.vectors, strict=True))
    counts = Counter(
        encoded=len(missing),
        from_cache=len(keys) - len(missing),
        truncated=encoded.truncated,
        tokens=encoded.tokens,
    )
    return np.stack([known[key] for key in keys]), counts
