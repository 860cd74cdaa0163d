"""Which chunks questions are asked of, where encoding the whole corpus with every variant would take too long."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pool:
    """The chunks chosen, in the corpus' order, and in words what they are."""

    chunk_ids: tuple[str, ...]
    statement: str


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of one question.

    Attributes:
        by_vector: Chunk ids as the current release ranks them by vector, best first.
        by_keyword: The same by keywords.
        answers: For each relevant document the ids of its chunks, in any order.
    """

    by_vector: Sequence[str]
    by_keyword: Sequence[str]
    answers: Sequence[Sequence[str]]


def choose_pool(corpus: Sequence[str], questions: Sequence[Found], limit: int) -> Pool:
    """Return at most `limit` chunks of the corpus that stand for it when variants are compared on the questions.

    The whole corpus where it is small enough. Else the best-ranked chunk of each relevant document, then the release's
    best chunks of every question by vector and by keyword to one depth, the deepest that fits, then further chunks of
    the relevant documents. What is easy to confuse with an answer is in it, so differences between variants show.
    Figures on it are higher than on the whole corpus, and a chunk that only a variant would wrongly find may be
    missing.

    The choice depends on the arguments alone. Ids that are not in the corpus are passed over.

    Raises:
        ValueError: `limit` is below 1 or the corpus is empty.
    """
    if limit < 1 or not corpus:
        raise ValueError(f"A pool of at most {limit} of {len(corpus)} chunks holds nothing.")
    if len(corpus) <= limit:
        return Pool(tuple(corpus), f"the whole corpus of {len(corpus):,} chunks")
    known = set(corpus)
    answers = [[_by_rank(chunks, question) for chunks in question.answers] for question in questions]
    chosen: dict[str, None] = {}
    first = _add(chosen, (ids[0] for by_document in answers for ids in by_document if ids), known, limit)
    depth = 0
    deepest = max((max(len(found.by_vector), len(found.by_keyword)) for found in questions), default=0)
    while first and depth < deepest:
        layer = {
            chunk_id
            for found in questions
            for ranking in (found.by_vector, found.by_keyword)
            for chunk_id in ranking[depth : depth + 1]
            if chunk_id in known and chunk_id not in chosen
        }
        if len(chosen) + len(layer) > limit:
            break
        chosen.update(dict.fromkeys(layer))
        depth += 1
    further = max((len(ids) for by_document in answers for ids in by_document), default=0)
    for place in range(1, further):  # of each document one more, so that no long document takes all the room
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
    """Return a document's chunks, those that the question finds first before the others, these in the order given."""
    best: dict[str, int] = {}
    for ranking in (found.by_vector, found.by_keyword):
        for rank, chunk_id in enumerate(ranking):
            best[chunk_id] = min(rank, best.get(chunk_id, rank))
    last = len(found.by_vector) + len(found.by_keyword)
    return sorted(chunks, key=lambda chunk_id: best.get(chunk_id, last))


def _add(chosen: dict[str, None], more: Iterable[str], known: set[str], limit: int) -> bool:
    """Add to `chosen` until it is full; return whether all found room."""
    for chunk_id in more:
        if chunk_id in known and chunk_id not in chosen:
            if len(chosen) == limit:
                return False
            chosen[chunk_id] = None
    return True
