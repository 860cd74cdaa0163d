"""Keyword search over a corpus: BM25 scores of a question, and the passages that contain its words and phrases."""

import re
from collections.abc import Mapping, Sequence, Set
from functools import cached_property, lru_cache, partial, reduce

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.search.corpus import Corpus
from xnai_pipelines.search.document_words import DocumentWords
from xnai_pipelines.search.function_words import function_words
from xnai_pipelines.search.languages import TELLING, Languages
from xnai_pipelines.search.postings import DECOMPOUNDED, compound_parts, rarity
from xnai_pipelines.search.query import Asked
from xnai_pipelines.search.ranking import Rows, Scores, best_rows
from xnai_pipelines.search.spelling import Vocabulary
from xnai_pipelines.search.stems import stem
from xnai_pipelines.search.words import Word, fold, folded, normalise, title, words

EXACT_FORM_WEIGHT = 0.5  # of a word's exact form, beside 1 for its stem
LONGEST_TITLE = 8  # words
MOST_READ = 2_000  # passages
LAST_QUESTIONS = 64  # whose words are remembered: each part of search asks for them
LAST_TERMS = 4_096  # whose numbers are
TELLING_WORDS = 2  # that one passage alone has: together they are no accident
_PARTS = re.compile(r"[^/]+")  # of "and/or"

Passages = npt.NDArray[np.int32]


class KeywordSearch:
    """The words of a corpus' passages; with `readable`, bool [n], of those alone."""

    def __init__(self, corpus: Corpus, readable: npt.NDArray[np.bool_] | None = None) -> None:
        self._corpus = corpus
        self._readable = readable
        self._told: dict[str, Sequence[Word]] = {}
        self._numbers: dict[str, int] = {}

    def scores(self, text: str) -> Scores:
        """Return the BM25 score of every passage and a share of its document's: float32 [n].

        Passages are compared by exact forms and, in each language, stems; documents by stems alone.
        """
        exact: dict[tuple[str, ...], float] = {}
        asked: dict[tuple[str, ...], float] = {}
        for word in self.telling(text):
            if word.identifier:
                asked[word.text,] = 1.0
                continue
            exact[word.text,] = EXACT_FORM_WEIGHT
            asked[self._stems(word.text)] = 1.0
            parts = self._parts(word.text)
            asked.update({(part,): 1 / len(parts) for part in parts if (part,) not in asked})
        passages = self._corpus.postings.scores(exact | asked, self._passages, self.number)
        passages = self._corpus.places.by_row(passages)
        if self._readable is not None:
            passages[~self._readable] = 0
        return self._documents.shared(passages, asked)

    @cached_property
    def _documents(self) -> DocumentWords:
        return DocumentWords(self._corpus.postings, self._corpus.documents, self._corpus.lengths, self._readable)

    @cached_property
    def _passages(self) -> int:
        """How many passages there are."""
        return len(self._corpus.passages) if self._readable is None else int(np.count_nonzero(self._readable))

    @cached_property
    def _there(self) -> npt.NDArray[np.bool_] | None:
        """Which places have a passage that may be read: bool [places]; None if all may."""
        return None if self._readable is None else self._corpus.places.by_place(self._readable, False)

    def telling(self, text: str) -> Sequence[Word]:
        """Return the words of a question, without function words of its language if there are others.

        A function word in capitals, as in "IT policy", is searched for in capitals if passages have it so; else it is
        kept. Of "and/or" and "he/she/they" nothing is kept.
        """
        told = self._told.get(text)
        if told is None:
            if len(self._told) >= LAST_QUESTIONS:
                self._told.clear()
            told = self._told[text] = self._telling(text)
        return told

    def _telling(self, text: str) -> Sequence[Word]:
        asked = question_words(text)
        capitals = {word.text for word in asked if word.text.isupper()}
        absent = {name for name in capitals if name not in self}
        found = [word for word in asked if word.text not in absent]
        dropped = self._function_words({word.text for word in found}).difference(map(fold, absent))
        return [word for word in found if not dropped.issuperset(_PARTS.findall(word.text))] or found

    def lookups(self, text: str) -> tuple[str, ...]:
        """Return the distinct identifiers of a text that people look up."""
        return tuple(dict.fromkeys(word.text for word in self.telling(text) if word.lookup))

    def _function_words(self, asked: Set[str]) -> frozenset[str]:
        """Return the function words of the language, of those of the corpus, that knows most of a question's words.

        Those of all would take "die" from "die casting" and "war" from "war memorial" where one passage is German.
        """
        spoken = {language: function_words([language]) for language in self._corpus.languages}
        if len(spoken) < 2:
            return frozenset().union(*spoken.values())
        known = {
            language: sum(word in own or stem(word, language) in self for word in asked)
            for language, own in spoken.items()
        }
        return frozenset().union(*(own for language, own in spoken.items() if known[language] == max(known.values())))

    def __contains__(self, term: object) -> bool:
        """Return whether a passage contains the term."""
        return isinstance(term, str) and self.number(term) > 0

    def knows(self, word: str) -> bool:
        """Return whether a passage contains the word, given in its exact form, or its stem, or its parts."""
        return any(term in self for term in (word, *self._stems(word))) or bool(self._parts(word))

    def explained(self, text: str, scores: Scores) -> float:
        """Return how much of a question the best passage contains, 0 to 1.

        It is the share of the words, each by its rarity; and 1 for words as rare together as two that no other passage
        has, since a long question never has all its words in one passage.

        Args:
            text: The question.
            scores: What `scores` returns for it.
        """
        if not scores.max(initial=0.0) > 0:
            return 0.0
        best = int(np.argmax(scores))
        number = self._passages
        asked = there = 0.0
        for word in {word.text for word in self.telling(text)}:
            terms = [word, *self._stems(word), *self._parts(word)]
            rare = rarity(number, max(map(self.number, terms)))
            asked += rare
            there += rare * any(self._corpus.postings.has(term, best) for term in terms)
        return min(1.0, there / min(asked, TELLING_WORDS * rarity(number, 1)))

    def spoken(self, text: str, scores: Scores) -> Mapping[str, float]:
        """Return which share of a question's words each language of 20 passages has, 0 to 1; 1 for the question's own.

        Args:
            text: The question.
            scores: What `scores` returns for it.
        """
        found = (self.containing(word) for word in {word.text for word in question_words(text)})
        return self.languages.spoken(found, best_found(scores))

    @cached_property
    def languages(self) -> Languages:
        """The languages of the passages."""
        return Languages.among(self._corpus.passages["language"], self._readable)

    def number(self, term: str) -> int:
        """Return how many passages contain the term."""
        found = self._numbers.get(term)
        if found is None:
            if len(self._numbers) >= LAST_TERMS:
                self._numbers.clear()
            found = self._numbers[term] = self._corpus.postings.number(term, self._there)
        return found

    def containing(self, term: str) -> Passages:
        """Return the passages that contain the term, ascending: int32 [m]."""
        rows = self._corpus.postings.containing(term)
        return rows if self._readable is None else rows[self._readable[rows]]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of the passages and how often each occurs."""
        words, there = self._corpus.vocabulary, self._there
        if there is None:
            return Vocabulary(words)
        counts = pa.array(self._corpus.postings.counts(self._corpus.vocabulary_places, there))
        return Vocabulary(words.set_column(1, "count", counts).filter(pc.greater(counts, 0)).combine_chunks())

    def titled(self, text: str) -> list[Passages]:
        """Return the passages of each document whose whole title is in the text, word for word."""
        found = self._corpus.titles.among(sorted(possible_titles(text)))
        return found if self._readable is None else [rows[self._readable[rows]] for rows in found]

    def phrases(self, what: Asked) -> list[Passages]:
        """Return the passages that have each phrase of a question word for word, ascending: int32 [m].

        Of the passages with its words at most 2,000 for all phrases are read, the best: "of the" is in nearly all.
        """
        return [self._having(phrase, self._read(phrase, what)) for phrase in what.phrases]

    def _read(self, phrase: str, what: Asked) -> Passages:
        """Return the passages with the words of a question's phrase that are read, ascending."""
        rows, most = self._containing_words(phrase), MOST_READ // (len(what.phrases) + len(what.without))
        return rows if len(rows) <= most else np.sort(rows[best_rows(self.scores(phrase)[rows], most)])

    def _having(self, phrase: str, rows: Passages) -> Passages:
        wanted = folded(normalise(" ".join(phrase.split())))
        passages = self._corpus.passage_texts(rows.tolist())
        texts = (folded(normalise(" ".join(text.split()))) for text in passages)
        return rows[[wanted in text for text in texts]] if len(rows) else rows

    def allowed(self, what: Asked) -> npt.NDArray[np.bool_] | None:
        """Return which passages a question's filters, excluded words and phrases leave: bool [n]; None for all.

        A passage that has an excluded word as an option of a command, "-xzf", is left: the option may be meant. One
        that has all words of an excluded phrase goes if it is not read.
        """
        allowed = self._corpus.matching(what.filters)
        if self._readable is not None:
            allowed = self._readable if allowed is None else allowed & self._readable
        if not what.without:
            return allowed
        allowed = np.ones(len(self._corpus.passages), bool) if allowed is None else allowed.copy()
        for excluded in what.without:
            rows = self._containing_words(excluded)
            if len(list(words(excluded))) > 1:
                read = self._read(excluded, what)
                rows = np.setdiff1d(rows, np.setdiff1d(read, self._having(excluded, read)))
            allowed[np.setdiff1d(rows, self.containing(option(excluded)), assume_unique=True)] = False
        return allowed

    def _stems(self, word: str) -> tuple[str, ...]:
        """Return the word's term in each language of the corpus."""
        return tuple(stem(word, language) for language in self._corpus.languages)

    def _parts(self, word: str) -> list[str]:
        """Return the terms of the passages that a compound is composed of."""
        terms = (stem(word, language) for language in self._corpus.languages if language in DECOMPOUNDED)
        return next((parts for term in terms if (parts := list(compound_parts(term, self)))), [])

    def _containing_words(self, text: str) -> Passages:
        """Return the passages with all words of the text in their exact forms, ascending."""
        found = sorted((self.containing(word) for word in {word.text for word in words(text)}), key=len)
        return reduce(partial(np.intersect1d, assume_unique=True), found) if found else np.empty(0, np.int32)


@lru_cache(maxsize=LAST_QUESTIONS)
def question_words(text: str) -> Sequence[Word]:
    """Return the words of a question: several parts of search ask for them."""
    return tuple(words(text))


def best_found(scores: Scores, most: int = TELLING) -> Rows:
    """Return the best passages that contain a word of the question, 10 unless told otherwise: int64 [m]."""
    found = np.flatnonzero(scores > 0)
    return found[best_rows(scores[found], most)]


def option(word: str) -> str:
    """Return the term of a word that stands in a passage as an option of a command."""
    return fold(f"-{word}")


def possible_titles(text: str) -> set[str]:
    """Return the runs of a text's words that may be a title.

    A single word has to be written as a name, with a capital inside the text: the title "Random" is not meant by "a
    random number".
    """
    found = title(question_words(text))
    runs = {
        " ".join(found[first:last])
        for first in range(len(found))
        for last in range(first + 2, min(first + LONGEST_TITLE, len(found)) + 1)
    }
    return runs | {word for name in text.split()[1:] if name[0].isupper() for word in title(words(name))}
