"""What is left of the mentions when words that are no names are cut off, and which of it each document has. Pure."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from xnai_pipelines.graph.arrays import Bools, Ints
from xnai_pipelines.graph.counts import Counts
from xnai_pipelines.graph.evidence import DROPPED, Spelling, asked_of, is_kind, named
from xnai_pipelines.graph.forms import Form, form_of
from xnai_pipelines.graph.found import NAMES, Kind
from xnai_pipelines.graph.overrides import Overrides
from xnai_pipelines.graph.reading import Reading


@dataclass(frozen=True, slots=True, eq=False)
class WrittenForms:
    """The mentions of a reading as names, and the p pairs of a document and a name that it has.

    Attributes:
        reading: The reading, of m mentions.
        kept: Which mentions are kept, bool [m].
        cut: Characters taken off the start of each, int64 [m].
        piece: Index into `texts` of each, int64 [m].
        texts: Distinct surfaces after the cuts.
        forms: Form of each text.
        keys: Key of each text: its folded words; of code that differs by case alone, the words as written.
        pair: Pair of each kept mention, int64.
        document, code: Document and text of each pair, int64 [p].
        is_name: Whether a mention of the pair is a name, bool [p].
        titles: Key of each document's title, without and with its qualifier.
    """

    reading: Reading
    kept: Bools
    cut: Ints
    piece: Ints
    texts: list[str]
    forms: list[Form]
    keys: list[str]
    pair: Ints
    document: Ints
    code: Ints
    is_name: Bools
    titles: dict[int, tuple[str, str]]

    @classmethod
    def of(cls, reading: Reading, forms: list[Form], spelling: Spelling, user: Overrides) -> Self:
        """Return what a reading's mentions are by the spelling of the corpus; `forms` are those of its surfaces."""
        cut = named(reading, forms, spelling)
        kept = cut != DROPPED
        texts, piece = _texts(reading, cut, kept)
        of_text = [form_of(text) for text in texts]
        keys = [" ".join(form.words) if form.key in spelling.by_case else form.key for form in of_text]
        if user.stopped:
            stopped = [
                bool({key, form.key, form.qualified} & user.stopped) for key, form in zip(keys, of_text, strict=True)
            ]
            kept = kept & ~np.array(stopped, dtype=bool)[piece]
        width = max(1, len(texts))
        pairs, pair = np.unique((reading.document * width + piece)[kept], return_inverse=True)
        is_name = np.bincount(pair, weights=is_kind(reading, NAMES)[kept], minlength=len(pairs)) > 0
        is_title = kept & is_kind(reading, [Kind.TITLE])
        titled = zip(reading.document[is_title].tolist(), piece[is_title].tolist(), strict=True)
        return cls(
            reading=reading,
            kept=kept,
            cut=np.where(kept, cut, 0),
            piece=piece,
            texts=texts,
            forms=of_text,
            keys=keys,
            pair=pair,
            document=pairs // width,
            code=pairs % width,
            is_name=is_name,
            titles={at: (of_text[code].key, of_text[code].qualified) for at, code in titled},
        )


def forms_of(reading: Reading) -> list[Form]:
    """Return the form of each surface of a reading."""
    return [form_of(surface) for surface in reading.surfaces]


def written_forms(reading: Reading, counts: Counts, user: Overrides) -> WrittenForms:
    """Return what the mentions of some documents are by the counts of the corpus."""
    forms = forms_of(reading)
    asked = {key for form in forms for key in asked_of(form)}
    return WrittenForms.of(reading, forms, Spelling.of(counts, asked), user)


def _texts(reading: Reading, cut: Ints, kept: Bools) -> tuple[list[str], Ints]:
    """Return the distinct surfaces after the cuts, and the one of each mention."""
    width = 1 + int(cut.max(initial=0))
    distinct, inverse = np.unique(reading.surface * width + np.where(kept, cut, 0), return_inverse=True)
    texts = [reading.surfaces[each // width][each % width :] for each in distinct.tolist()]
    written = sorted(set(texts))
    rank = {text: at for at, text in enumerate(written)}
    return written, np.array([rank[text] for text in texts], dtype=np.int64)[inverse]
