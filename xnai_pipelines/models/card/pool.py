"""The chunks to search if encoding the whole corpus with every variant would take too long."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pool:
    """The chosen chunks, in the corpus' order, and a phrase that describes them."""

    chunk_ids: tuple[str, ...]
    statement: str


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of one question.

    Attributes:
        by_vector: Chunk ids as the current release ranks them by vector, best first.
        by_keyword: Chunk ids by keyword, best first.
        answers: Ids of the chunks of each relevant document, in any order.
    """

    by_vector: Sequence[str]
    by_keyword: Sequence[str]
    answers: Sequence[Sequence[str]]


def choose_pool(corpus: Sequence[str], questions: Sequence[Found], limit: int) -> Pool:
    """Return up to `limit` chunks that represent the corpus when variants are compared on the questions.

    If the corpus is small enough, all of it. Otherwise the best-ranked chunk of each relevant document comes first.
    Then come the release's best chunks of every question by vector and by keyword, to the max depth that fits, and
    further chunks of the relevant documents. The pool has what is easily confused with an answer, so differences
    between variants show. Figures on it are higher than on the whole corpus, and a chunk that only a variant would
    wrongly find may be missing.

    The choice depends on the arguments only. Ids that are not in the corpus are skipped.

    Raises:
        ValueError: `limit` is below 1 or the corpus is empty.
    """
    if limit < 1 or not corpus:
        raise ValueError(f"A pool of at most {limit} of {len(corpus)} chunks would be empty.")
    if len(corpus) <= limit:
        return Pool(tuple(corpus), f"the whole corpus of {len(corpus):,} chunks")
    known = set(corpus)
    answers = [[_by_rank(chunks, question) for chunks in question.answers] for question in questions]
    chosen: dict[str, None] = {}
    first = _add(chosen, (ids[0] for by_document in answers for ids in by_document if ids), known, limit)
    depth = _add_ranks(chosen, questions, known, limit) if first else 0
    further = max((len(ids) for by_document in answers for ids in by_document), default=0)
    for place in range(1, further):  # one more of each document, so that no long document takes all the room
        more = (ids[place] for by_document in answers for ids in by_document if place < len(ids))
        if not _add(chosen, more, known, limit):
            break
    statement = (
        f"{len(chosen):,} of the corpus' {len(corpus):,} chunks: the best {depth} by vector and by keyword in the "
        f"current release for each of {len(questions):,} questions, and {'' if first else 'some '}chunks of the "
        "documents that answer them"
    )
    return Pool(tuple(chunk_id for chunk_id in corpus if chunk_id in chosen), statement)


def _by_rank(chunks: Iterable[str], found: Found) -> list[str]:
    """Return a document's chunks, first those found by the question, then the others in the given order."""
    best: dict[str, int] = {}
    for ranking in (found.by_vector, found.by_keyword):
        for rank, chunk_id in enumerate(ranking):
            best[chunk_id] = min(rank, best.get(chunk_id, rank))
    last = len(found.by_vector) + len(found.by_keyword)
    return sorted(chunks, key=lambda chunk_id: best.get(chunk_id, last))


def _add_ranks(chosen: dict[str, None], questions: Sequence[Found], known: set[str], limit: int) -> int:
    """Add the first chunks of every ranking, then the second ones, as long as all of a rank fit; return the ranks."""
    rankings = [ranking for found in questions for ranking in (found.by_vector, found.by_keyword)]
    for rank in range(deepest := max(map(len, rankings), default=0)):
        layer = {ranking[rank] for ranking in rankings if rank < len(ranking)} & known - chosen.keys()
        if len(chosen) + len(layer) > limit:
            return rank
        chosen.update(dict.fromkeys(layer))
    return deepest


def _add(chosen: dict[str, None], more: Iterable[str], known: set[str], limit: int) -> bool:
    """Add to `chosen` until it is full; return whether everything fitted."""
    for chunk_id in more:
        if chunk_id in known and chunk_id not in chosen:
            if len(chosen) == limit:
                return False
            chosen[chunk_id] = None
    return True
