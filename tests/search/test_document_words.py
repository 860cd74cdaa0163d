"""A passage has a share of the words of its document, as far as these may be read."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search.test_postings import bm25, built
from tests.support.workplace import Workplace
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.search.document_words import WORDS_SHARE, DocumentWords
from xnai_pipelines.search.postings import Scores
from xnai_pipelines.search.query import Mode

Passage = tuple[int, list[str]]
PASSAGES = st.lists(st.tuples(st.integers(0, 3), st.lists(st.sampled_from("abcd"), max_size=6)), min_size=1, max_size=9)


def shared(passages: list[Passage], asked: dict[tuple[str, ...], float], readable: list[bool] | None = None) -> Scores:
    """The scores of passages, each with the number of its document, for a question of these words."""
    there = None if readable is None else np.array(readable)
    documents = np.unique([document for document, _ in passages], return_inverse=True)[1].astype(np.int32)
    lengths = np.array([len(words) for _, words in passages], np.int32)
    postings = built(*(words for _, words in passages))
    readable = len(passages) if there is None else sum(there)
    scores = postings.scores(asked, readable, lambda term: postings.number(term, there))
    if there is not None:
        scores[~there] = 0
    return DocumentWords(postings, documents, lengths, there).shared(scores, asked)


def test_of_two_like_passages_the_one_whose_document_names_the_subject_is_first():
    weighs = ["weighs", "ten", "kilos"]
    scores = shared(
        [(0, weighs), (0, ["the", "walrus"]), (1, weighs), (1, ["the", "spoon"])], {("walrus",): 1, ("ten",): 1}
    )
    assert scores[0] > scores[2] > 0
    assert scores[3] == 0


@settings(max_examples=15)  # each writes files
@given(PASSAGES, st.sets(st.sampled_from("abcx")))
def test_a_document_scores_as_a_passage_with_all_its_words(passages: list[Passage], words: set[str]):
    texts = [text for _, text in passages]
    names = sorted({document for document, _ in passages})
    whole = [[word for document, text in passages if document == name for word in text] for name in names]

    def expected(row: int) -> float:
        own = sum(bm25(texts, word, row) for word in words if word in texts[row])
        at = names.index(passages[row][0])
        document = sum(bm25(whole, word, at) for word in words if word in whole[at])
        share = float(WORDS_SHARE) if len(names) < len(passages) else 0
        return (1 - share) * own + share * document if own else 0

    asked = {(word,): 1.0 for word in words}
    assert shared(passages, asked) == pytest.approx([expected(row) for row in range(len(passages))], abs=1e-4)


def test_what_may_not_be_read_adds_nothing():
    passages = [(0, ["ten"]), (0, ["walrus"]), (1, ["ten"]), (1, ["spoon"]), (2, ["walrus", "ten"])]
    scores = shared(passages, {("walrus",): 1, ("ten",): 1}, [True, False, True, False, False])
    assert scores[0] == scores[2] > 0
    assert scores[[1, 3, 4]].tolist() == [0, 0, 0]


def test_a_section_is_found_by_what_another_section_of_its_document_is_about(tmp_path: Path, built_encoder: Encoder):
    work = Workplace(tmp_path, built_encoder)
    rest = (
        "The measurements were taken in the harbour on a calm morning and written down by two members of the crew. " * 2
    )
    for name in ("walrus", "spoon"):
        about = f"This page is about the {name} that was found last winter by the people of the northern islands. " * 2
        work.write(f"{name}.md", f"# Found\n\n## Kind\n\n{about}\n\n## Figures\n\nIt weighs ten kilos. {rest}\n")
    work.ingest()
    index = work.search()
    for search in (index, index.for_reader(lambda _: True)):
        hits = search.rank("How many kilos does the walrus weigh?", 10, Mode.KEYWORD)
        texts = dict(
            zip((hit.row for hit in hits), search.corpus.passage_texts([hit.row for hit in hits]), strict=True)
        )
        walrus, spoon = (hit for hit in hits if "kilos" in texts[hit.row])
        assert "walrus" not in texts[walrus.row]
        assert search.corpus.values("source", [walrus.row, spoon.row]) == ["walrus.md", "spoon.md"]
        assert walrus.score > spoon.score
