"""What files hold and the stored texts do not: sums by part, and the documents that lost most."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from xnai_pipelines.documents.parsers.markup.html import LEFT_OUT
from xnai_pipelines.documents.parsers.markup.html_blocks import BlockRole
from xnai_pipelines.documents.parsers.parsed import Omission
from xnai_pipelines.state.schemas import DOCUMENTS
from xnai_pipelines.state.tables import Tables

MEANT = {LEFT_OUT[BlockRole.NAVIGATION]}
"""Parts that are left out on purpose: they are counted, and nobody is warned of them."""


@dataclass(frozen=True, slots=True)
class IncompleteDocument:
    """A document whose text lacks parts of its file."""

    source: str
    omissions: tuple[Omission, ...]

    @property
    def parts(self) -> int:
        """The number of parts left out."""
        return sum(omission.count for omission in self.omissions)

    @property
    def lost(self) -> int:
        """The number of parts left out that a reader may miss: not what a page itself names its navigation."""
        return sum(omission.count for omission in self.omissions if omission.part not in MEANT)

    @property
    def statement(self) -> str:
        """What was left out, such as "page without text: 2 (page 2, page 3); attachment: 1 (offer.pdf)"."""
        return "; ".join(
            f"{omission.part}: {omission.count:,}" + (f" ({omission.example})" if omission.example else "")
            for omission in self.omissions
        )


def incomplete_documents(tables: Tables) -> list[IncompleteDocument]:
    """Return the documents with omissions, those that lost most parts first."""
    # not as an SQL condition: a table of an older version has no such column
    rows = tables.read(DOCUMENTS, ["source", "omissions"])
    rows = rows.filter(pc.greater(pc.list_value_length(rows["omissions"]), 0)).to_pylist()
    found = [
        IncompleteDocument(row["source"], tuple(Omission(**omission) for omission in row["omissions"])) for row in rows
    ]
    return sorted(found, key=lambda document: (-document.parts, document.source))


def parts_left_out(documents: Sequence[IncompleteDocument]) -> dict[str, int]:
    """Return the number of parts left out by what they are, the most first."""
    counts: Counter[str] = Counter()
    for document in documents:
        for omission in document.omissions:
            counts[omission.part] += omission.count
    return dict(counts.most_common())
