"""What is remembered of a corpus and its questions for later comparison: sums and counts, no texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.autonomy.drift.canary import CanaryResult

# Documents fall into this many groups by the hash of their id, and every figure is kept by group: whole groups are
# resampled, since passages of one document say the same. A word's groups fit into the bits of an uint32.
GROUPS = 32


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """How many documents or questions of each kind: `counts` is int64 [groups, names]."""

    names: tuple[str, ...]
    counts: NDArray[np.int64]

    @property
    def total(self) -> dict[str, int]:
        """Counts by name, the largest first."""
        by_name = zip(self.names, self.counts.sum(axis=0).tolist(), strict=True)
        return dict(sorted(by_name, key=lambda pair: (-pair[1], pair[0])))

    def of(self, names: Sequence[str]) -> NDArray[np.int64]:
        """Return the counts of these names, int64 [groups, names]; 0 for those that the mix has not."""
        column = {name: place for place, name in enumerate(self.names)}
        counts = np.zeros((len(self.counts), len(names)), dtype=np.int64)
        for place, name in enumerate(names):
            if name in column:
                counts[:, place] = self.counts[:, column[name]]
        return counts


@dataclass(frozen=True, slots=True, eq=False)
class TextProfile:
    """Passages of documents, or questions, as sums by group and a bounded sample of distances.

    Attributes:
        sums: Sum of the unit vectors of each group, float64 [groups, dimension].
        numbers: Vectors in each group, int64 [groups].
        broken: Vectors left out, since they hold no numbers or are all zero.
        distances: 1 - cosine to the reference's centroid of at most 2,000 vectors, float64. The centroid is that of the
            other groups, so that no text is measured against itself.
        distance_groups: Group of each, uint8.
        languages: Documents or questions by language; those of unknown language are not counted.
        media_types: The same by media type.
        words: Hashes of the most frequent words, uint64, ascending.
        word_counts: How often each occurs, int64.
        word_groups: In which groups each occurs, as bits of an uint32.
    """

    sums: NDArray[np.float64]
    numbers: NDArray[np.int64]
    broken: int
    distances: NDArray[np.float64]
    distance_groups: NDArray[np.uint8]
    languages: Mix
    media_types: Mix
    words: NDArray[np.uint64]
    word_counts: NDArray[np.int64]
    word_groups: NDArray[np.uint32]

    @property
    def number(self) -> int:
        """Vectors counted."""
        return int(self.numbers.sum())

    @property
    def dimension(self) -> int:
        """Length of a vector; 0 where there was none."""
        return int(self.sums.shape[1])

    @property
    def centroid(self) -> NDArray[np.float32]:
        """Mean of the unit vectors, float32 [dimension]; zeros where there is none."""
        mean: NDArray[np.float32] = (self.sums.sum(axis=0) / max(self.number, 1)).astype(np.float32)
        return mean


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """The state of a release's corpus, questions and encoder at one time.

    The reference is taken when a release is first evaluated, the current one each night against it.
    `document_count` counts documents, `documents.number` their passages. `canary` is None where it was not asked.
    """

    release: int
    taken_at: datetime
    documents: TextProfile
    questions: TextProfile
    document_count: int
    canary: CanaryResult | None
