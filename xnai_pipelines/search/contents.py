"""What can be found in an index, whatever is asked: its passages, documents and their values."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """The passages that a reader can find.

    Attributes:
        rows: All passages, a table of n rows.
        readable: Which of them may be read: bool [n]; None for all.
    """

    rows: pa.Table
    readable: npt.NDArray[np.bool_] | None

    @property
    def passages(self) -> int:
        """The number of passages that can be found."""
        return len(self.rows) if self.readable is None else int(np.count_nonzero(self.readable))

    def documents(self) -> list[tuple[str, str]]:
        """Return source and id of every document that can be found, in the order of the sources."""
        rows = self.rows.select(["source", "document_id"])
        if self.readable is not None:
            rows = rows.filter(pa.array(self.readable))
        found = rows.group_by(["source", "document_id"]).aggregate([]).sort_by("source")
        return list(zip(found["source"].to_pylist(), found["document_id"].to_pylist(), strict=True))

    def holds(self, document_id: str) -> bool:
        """Return whether a document can be found; this takes as long for one that a reader may not read."""
        found = pc.equal(self.rows["document_id"], document_id).to_numpy()
        return bool(np.any(found if self.readable is None else found & self.readable))

    def distinct(self, column: str) -> list[str]:
        """Return the values that a column of the passages has, in order, without missing ones."""
        values = self.rows[column]
        if self.readable is not None:
            values = values.filter(pa.array(self.readable))
        return sorted(value for value in values.unique().to_pylist() if value is not None)
