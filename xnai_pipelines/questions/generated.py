"""Generated questions: first sentences and headings of passages, without markup."""

import hashlib
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.questions.question import Origin, Question, Relevant, question_id

_FENCED = re.compile(r"^(```|~~~).*?(?:^\1[^\n]*$|\Z)", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6}\s.*$|^.*\n(?:={3,}|-{3,}|~{3,}|\^{3,})\s*$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_ROLE = re.compile(r":[a-z:]+:`~?([^`<\n]*?)(?:\s*<[^`\n]*>)?`")
_MARKUP = re.compile(r"[`*]+|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)|</?[A-Za-z][^>\n]{0,200}>")
_ANCHOR = re.compile(r"\s*\{\s*[#.][^}\n]*\}")
_NUMBER = re.compile(r"^(?:\d+\.)*\d+[.)]?\s+")
_NOT_PROSE = re.compile(r"\s{4}|\t|[|>+]|\.\. |:\w|[-*•]\s|\d+[.)]\s|>>>|\$ ")
_STOPS = ".!?…।॥۔؟։።"  # before white space; those of Hindi, Urdu, Arabic, Armenian, Amharic too
_UNSPACED_STOPS = "。．！？｡។။"
_SENTENCE_END = re.compile(rf"(?:(?<=[{_STOPS}])|(?<=[{_STOPS}][\"'”»)\]]))\s+|(?<=[{_UNSPACED_STOPS}])")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_WITHOUT_STOPS = re.compile(r"[\u0e00-\u0eff]")  # Thai and Lao have a space between sentences
# With the signs that Indic and other scripts have on their letters, which no class of letters has.
_WORD = re.compile(r"[\w\u0300-\u1cff]+")
_SPOKEN_WORD = re.compile(r"(?:(?![\d_])[\w\u0300-\u1cff]){2,}")

PER_DOCUMENT = 3
COPIES = 10  # of a document that answer a question together: as many as the first results show
WORDS = range(6, 41)
UNSPACED_LETTERS = range(10, 121)


def without_markup(text: str) -> str:
    """Return a text on one line without links, emphasis, tags, anchors and leading numbers."""
    text = _MARKUP.sub("", _ROLE.sub(r"\1", _LINK.sub(r"\1", _ANCHOR.sub("", text))))
    return " ".join(_NUMBER.sub("", text.strip()).split())


def first_sentence(text: str) -> str | None:
    """Return the first whole sentence of prose in a passage, of 6 to 40 words; None if there is none.

    Skips headings, code, tables and lists, and the end of a sentence that started in an earlier passage.
    """
    prose = _HEADING.sub("\n", _FENCED.sub("\n", text))
    for paragraph in re.split(r"\n\s*\n", prose):
        if _NOT_PROSE.match(paragraph.lstrip("\n")):
            continue
        for sentence in _sentences(without_markup(paragraph)):
            if not sentence[:1].islower() and _fits(sentence):
                return sentence
    return None


def _sentences(text: str) -> list[str]:
    if _mostly(_WITHOUT_STOPS, text):
        return text.split()
    sentences: list[str] = []
    for piece in _SENTENCE_END.split(text):
        if sentences and piece[:1].islower():  # the full stop belonged to "e.g."
            sentences[-1] += f" {piece}"
        else:
            sentences.append(piece)
    return sentences


def _fits(sentence: str) -> bool:
    stopped = sentence.rstrip("\"'”»)]").endswith(tuple(_STOPS + _UNSPACED_STOPS))
    if not stopped and not _mostly(_WITHOUT_STOPS, sentence):
        return False
    if _mostly(_UNSPACED, sentence):
        return len(_UNSPACED.findall(sentence)) in UNSPACED_LETTERS
    return len(_WORD.findall(sentence)) in WORDS


def _mostly(letters: re.Pattern[str], text: str) -> bool:
    return 2 * len(letters.findall(text)) > len(text)


@dataclass(frozen=True, slots=True)
class Passage:
    """What question generation reads of a chunk. `heading_path` starts at the top heading."""

    chunk_id: str
    document_id: str
    title: str
    heading_path: Sequence[str]
    text: str


@dataclass(slots=True)
class _Candidate:
    """A query, and the document and the chunk of each passage that answers it."""

    query: str
    answers: set[tuple[str, str]]
    rank: bytes


def generate_questions(passages: Callable[[], Iterable[Passage]], limit: int, seed: int) -> tuple[Question, ...]:
    """Return at most `limit` known-item questions, at most three per document, spread over the documents.

    A question is the heading path of passages ("Reading files: Encodings") or the first whole sentence of a passage.
    Its answers are the passages it was taken from. Such questions reuse the document's wording, so they are easier than
    real questions, most of all for keyword search. They show that retrieval works and when it gets worse, not how well
    it serves people. Queries that fit two documents are dropped, unless these have the same text, as a file and a link
    to it have: then both answer.

    The choice is by hash: the same passages give the same questions in any order, and an edited document changes few
    questions of others. Method: known-item queries as in Azzopardi, de Rijke and Balog, "Building simulated queries for
    known-item topics", SIGIR 2007.

    Args:
        passages: Returns the chunks of the documents; they are read twice, and only hashes of most are kept.
        limit: Max number of questions.
        seed: Seed of the choice.

    Returns:
        The questions, without a split. Every answer has its chunk.
    """
    questions: list[Question] = []
    by_document = _candidates(passages(), _keys_of_first(passages(), limit, seed), seed)
    for one_of_each in zip_longest(*(_distinct(candidates) for _, candidates in sorted(by_document.items()))):
        questions.extend(_question(candidate) for candidate in one_of_each if candidate)
        if len(questions) >= limit:
            break
    return tuple(questions[:limit])


Numbers: TypeAlias = NDArray[np.uint64]
Wanted: TypeAlias = dict[int, tuple[int, set[int]]]
"""By document the first of its copies, which may be itself, and the keys of queries; all are numbers of eight bytes."""


def _keys_of_first(passages: Iterable[Passage], number: int, seed: int) -> Wanted:
    """Return the keys of the queries that fit one document and its copies alone, of the first documents that have any.

    As each of so many documents gives a question, no other one is needed.
    """
    keys, places = array("Q"), array("Q")  # of each query: its key, and the place of its passage
    documents, texts = array("Q"), array("Q")
    for passage in passages:
        for query in _queries(passage):
            keys.append(_number(_key(seed, query)))
            places.append(len(documents))
        documents.append(_number(_rank(seed, passage.document_id)))
        texts.append(_number(_rank(seed, passage.text)))
    names, document = np.unique(np.array(documents, np.uint64), return_inverse=True)
    originals = _originals(names, document, np.array(texts, np.uint64))
    of_query = originals[document[np.array(places, np.int64)]]
    pairs = np.unique(np.stack([np.array(keys, np.uint64), of_query], axis=1), axis=0)
    _, first, times = np.unique(pairs[:, 0], return_index=True, return_counts=True)
    alone = pairs[first[times == 1]]
    found: dict[int, set[int]] = {original: set() for original in np.unique(alone[:, 1])[:number].tolist()}
    for key, original in alone[np.isin(alone[:, 1], np.array(list(found), np.uint64))].tolist():
        found[original].add(key)
    of_document = zip(names.tolist(), originals.tolist(), strict=True)
    return {name: (original, found[original]) for name, original in of_document if original in found}


def _originals(names: Numbers, document: NDArray[np.int64], texts: Numbers) -> Numbers:
    """Return the first of each document's copies; a document with many copies has none: what is in it is boilerplate.

    Args:
        names: The documents, ascending: uint64 [documents].
        document: The place in `names` of each passage's document: int64 [passages].
        texts: Hashes of the passages: uint64 [passages].
    """
    of_all = np.zeros(len(names), np.uint64)  # sums of hashes: the same in any order of the passages
    np.add.at(of_all, document, texts)
    _, first, same, times = np.unique(of_all, return_index=True, return_inverse=True, return_counts=True)
    return np.where(times[same] <= COPIES, names[first[same]], names)


def _candidates(passages: Iterable[Passage], wanted: Wanted, seed: int) -> dict[int, list[_Candidate]]:
    """Return the candidates with the wanted keys by document, of copies by the first."""
    found: dict[int, dict[bytes, _Candidate]] = {}
    for passage in passages:
        original, keys = wanted.get(_number(_rank(seed, passage.document_id)), (0, frozenset()))
        for query in _queries(passage) if keys else ():
            key = _key(seed, query)
            if _number(key) in keys:
                candidate = found.setdefault(original, {}).setdefault(key, _Candidate(query, set(), key))
                candidate.answers.add((passage.document_id, passage.chunk_id))
                candidate.query = min(candidate.query, query)  # in any order of the passages
    return {original: list(candidates.values()) for original, candidates in found.items()}


def _queries(passage: Passage) -> Iterator[str]:
    headings = [without_markup(heading) for heading in (passage.title, *passage.heading_path)]
    path = list(dict.fromkeys(heading for heading in headings if heading))
    query = ": ".join(path[-2:])
    if len(_SPOKEN_WORD.findall(_UNSPACED.sub("", query))) + len(_UNSPACED.findall(query)) // 2 >= 2:
        yield query
    sentence = first_sentence(passage.text)
    if sentence is not None:
        yield sentence


def _distinct(candidates: list[_Candidate]) -> list[_Candidate]:
    """Return the candidates with the lowest rank that share no passage."""
    chosen: list[_Candidate] = []
    for candidate in sorted(candidates, key=lambda candidate: candidate.rank):
        if all(candidate.answers.isdisjoint(other.answers) for other in chosen):
            chosen.append(candidate)
        if len(chosen) == PER_DOCUMENT:
            break
    return chosen


def _question(candidate: _Candidate) -> Question:
    answers = sorted(candidate.answers)
    return Question(
        question_id=question_id(Origin.GENERATED, candidate.query, answers[0][0]),
        question=candidate.query,
        relevant=tuple(Relevant(document_id, chunk_id, 1) for document_id, chunk_id in answers),
        origin=Origin.GENERATED,
        split=None,
    )


def _key(seed: int, query: str) -> bytes:
    return _rank(seed, *_WORD.findall(query.lower()))


def _number(rank: bytes) -> int:
    return int.from_bytes(rank[:8])


def _rank(seed: int, *parts: str) -> bytes:
    return hashlib.blake2b("\0".join((str(seed), *parts)).encode(), digest_size=12).digest()
