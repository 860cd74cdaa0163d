"""What answers read of a release beside its ranking: neighbours of a passage, titles, words and token vectors."""

from collections.abc import Callable, Collection, Sequence
from copy import copy
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from xnai_pipelines.answers.landmarks import Structures
from xnai_pipelines.encoders.token_codes import TokenCodes, rotated_query
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.passage_tokens import PassageTokens
from xnai_pipelines.search.stems import stem
from xnai_pipelines.search.words import Word, words
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import DOCUMENTS
from xnai_pipelines.state.tables import Tables

# A corpus of fewer passages is too small a sample to tell rare words from common ones: if the only passage has a word,
# it is not in every text. Words are counted as if other passages, which have none of them, filled it up to this number.
ENOUGH_PASSAGES = 100

Vectors = npt.NDArray[np.float32]


class Passages:
    """The passages of an open index. Like the index it keeps the state of when it was opened."""

    def __init__(self, index: SearchIndex, home: Home) -> None:
        self.index = index
        self.keyword = index.keyword
        self._home = home
        self._tokens = PassageTokens(index.corpus, index.encoder, home.vector_cache)

    def for_reader(self, may_read: Callable[[str], bool]) -> "Passages":
        """Return the passages as they were without those of sources that may not be read."""
        passages = copy(self)  # what is computed of the corpus is shared
        passages.index = self.index.for_reader(may_read)
        passages.keyword = passages.index.keyword
        return passages

    def without(self, documents: Collection[str]) -> "Passages":
        """Return the passages as they were without those of these documents, down to the scores of the others."""
        if not documents:
            return self
        gone = {self._sources[document] for document in documents if document in self._sources}
        return self.for_reader(lambda source: source not in gone)

    @cached_property
    def _sources(self) -> dict[str, str]:
        return {document_id: source for source, document_id in self.index.contents.documents()}

    def neighbours(self, row: int) -> tuple[int | None, int | None]:
        """Return the rows of the passages before and after this one in its document, None at its ends."""
        place = self.place(row)
        return self._neighbour(row, place - 1), self._neighbour(row, place + 1)

    def place(self, row: int) -> int:
        """Return the place of a passage among all, in the order of the documents and their texts."""
        return int(self._places[row])

    def _neighbour(self, row: int, place: int) -> int | None:
        if not 0 <= place < len(self._order):
            return None
        other = int(self._order[place])
        return other if self.document_codes[other] == self.document_codes[row] else None

    @cached_property
    def document_codes(self) -> npt.NDArray[np.int32]:
        """Document of each passage, counted from 0: int32 [n]."""
        column = self.index.corpus.passages["document_id"].combine_chunks()
        codes: npt.NDArray[np.int32] = column.dictionary_encode().indices.to_numpy()
        return codes

    @cached_property
    def _order(self) -> npt.NDArray[np.int64]:
        starts = self.index.corpus.passages["start"].to_numpy()
        order: npt.NDArray[np.int64] = np.lexsort((starts, self.document_codes))
        return order

    @cached_property
    def _places(self) -> npt.NDArray[np.int64]:
        places = np.empty(len(self._order), np.int64)
        places[self._order] = np.arange(len(self._order))
        return places

    @cached_property
    def titles(self) -> dict[str, str]:
        """Titles by document_id."""
        return Tables.of(self._home).pairs(DOCUMENTS, "document_id", "title")

    @cached_property
    def structures(self) -> Structures:
        """Headings and pages of the documents."""
        return Structures(Tables.of(self._home).read(DOCUMENTS, ["document_id", "headings", "pages"]))

    def documents(self, wanted: Collection[str]) -> dict[str, str]:
        """Return the texts of these documents as they are stored now, by document_id; deleted ones are missing."""
        return stored_texts(self._home, wanted)

    def forms_in(self, run: str) -> frozenset[str]:
        """Return the forms of all words in a run of characters without white space."""
        return _forms_in(run, self.index.corpus.languages)

    def telling(self, question: str) -> list[tuple[str, ...]]:
        """Return the forms of each distinct word of a question, without function words."""
        found = {word.text: word for word in self.keyword.telling(question)}
        return [forms_of(word, self.index.corpus.languages) for word in found.values()]

    def telling_words(self, text: str) -> list[str]:
        """Return the words of a text in order and folded, without function words; none if it has no others."""
        return [] if not text.strip() else [word.text for word in self.keyword.telling(text)]

    def rarity(self, forms: Sequence[str]) -> float:
        """Return the inverse document frequency of a word over the passages, from its forms; BM25's."""
        found = max(self.keyword.number(form) for form in forms)
        passages = max(self.index.contents.passages, ENOUGH_PASSAGES)
        return float(np.log1p((passages - found + 0.5) / (found + 0.5)))

    def likeness(self, question: str) -> float:
        """Return what it tells, 0 to 1, that tokens of a question are like those of passages with none of its words.

        An encoder that spells a language out finds its letters in any text of it. In a large corpus a question without
        a word in common is put in other words; in a small one it is about something else.
        """
        known = self.index.encoder.writing(question).familiarity
        return max(known, min(1.0, self.index.contents.passages / ENOUGH_PASSAGES))

    def is_name(self, word: str) -> bool:
        """Return whether a folded word is the whole title of a document and no common word: it names that alone."""
        rows, readable = self.index.corpus.titles.containing(word), self.index.scoring.readable
        titled = len(rows) > 0 if readable is None else bool(readable[rows].any())
        return titled and not self.index.encoder.has_word(word)

    def question_tokens(self, text: str) -> tuple[Vectors, npt.NDArray[np.int64]]:
        """Return the rotated token vectors of a question, float32 [q, d], and their characters, int64 [q, 2]."""
        tokens = self.index.encoder.query_tokens(text)
        spans = np.array(tokens.spans, np.int64).reshape(-1, 2)
        return rotated_query(tokens.vectors, tokens.spans), spans[spans[:, 0] < spans[:, 1]]

    def token_codes(self, rows: Sequence[int]) -> list[TokenCodes]:
        """Return the token codes of the chunks' own texts, their spans in characters of the document."""
        starts, contexts = self.index.corpus.values("start", rows), self.index.corpus.contexts(rows)
        return [
            _moved(codes, start, len(context))
            for codes, start, context in zip(self._tokens.of(rows), starts, contexts, strict=True)
        ]


def stored_texts(home: Home, wanted: Collection[str]) -> dict[str, str]:
    """Return the texts of these documents as they are stored now, by document_id; deleted ones are missing."""
    if not wanted:
        return {}
    ids = ", ".join(f"'{document}'" for document in sorted(wanted))
    rows = Tables.of(home).read(DOCUMENTS, ["document_id", "text"], f"document_id IN ({ids})")
    return dict(zip(rows["document_id"].to_pylist(), rows["text"].to_pylist(), strict=True))


@lru_cache(maxsize=200_000)
def _forms_in(token: str, languages: tuple[str, ...]) -> frozenset[str]:
    """Return the forms of all words in a run of characters without white space; such runs come again and again."""
    return frozenset(form for word in words(token) for form in forms_of(word, languages))


def forms_of(word: Word, languages: tuple[str, ...]) -> tuple[str, ...]:
    """Return the forms by which a word matches another: itself and, in each language, its stem."""
    return (word.text,) if word.identifier else (word.text, *(stem(word.text, language) for language in languages))


def _moved(codes: TokenCodes, start: int, context: int) -> TokenCodes:
    """Return the codes of the chunk's own text, with spans in the document; those of its headings are left out."""
    own = codes.spans[:, 0] >= context
    spans = (codes.spans[own].astype(np.int64) - context + start).astype(np.uint32)
    return TokenCodes(spans, codes.bits[own], codes.dimension)
