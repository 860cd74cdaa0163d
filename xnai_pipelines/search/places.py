"""Where each passage is among the rows of the pieces that a corpus is stored in. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Places:
    """The places of n passages: rows of the base, and after these rows of what changed since.

    Attributes:
        of_rows: The place of each passage: int32 [n].
        number: Number of places; some may be of passages that are gone.
    """

    of_rows: npt.NDArray[np.int32]
    number: int

    @classmethod
    def same(cls, number: int) -> Self:
        """Return those of passages that are stored in their order."""
        return cls(np.arange(number, dtype=np.int32), number)

    @cached_property
    def are_rows(self) -> bool:
        """Whether each passage's place is its row."""
        number = len(self.of_rows)
        return self.number == number and np.array_equal(self.of_rows, np.arange(number, dtype=np.int32))

    @cached_property
    def rows(self) -> npt.NDArray[np.int32]:
        """The passage in each place: int32 [places]; -1 if it is gone."""
        return self.by_place(np.arange(len(self.of_rows), dtype=np.int32), -1)

    def by_place(self, values: Values, gone: Any) -> Values:
        """Return the passages' values in the order of the places, with the value `gone` for passages that are gone."""
        if self.are_rows:
            return values
        found = np.full(self.number, gone, values.dtype)
        found[self.of_rows] = values
        return found

    def by_row(self, values: Values) -> Values:
        """Return the places' values in the order of the passages."""
        return values if self.are_rows else values.take(self._indices)  # `take` needs half the time of brackets

    @cached_property
    def _indices(self) -> npt.NDArray[np.intp]:
        return self.of_rows.astype(np.intp)


def joined(arrays: Sequence[Values]) -> Values:
    """Return arrays as one, without copying what is one already."""
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def gathered(pieces: tuple[npt.NDArray[Any], ...], places: npt.NDArray[np.int32]) -> npt.NDArray[Any]:
    """Return rows of an array that is in pieces, by their places."""
    if len(pieces) == 1:
        return pieces[0][places]
    base, changed = pieces
    within = places < len(base)
    found = np.empty((len(places), *base.shape[1:]), base.dtype)
    found[within], found[~within] = base[places[within]], changed[places[~within] - len(base)]
    return found
