"""Questions that documents nearly answer: another attribute of what they describe, or the sentence taken away.

    python -m benchmarks.near_misses [--models FOLDER]

`attributes.jsonl` has 32 short documents of our own writing in English, German, French and Russian, each with two
questions that it answers and two that ask for something else of the same thing. Half of them, "train", were looked at
when the rules of `answers/asked_for.py` were written; the others, "test", were not. `relations.jsonl` has 16 more, with
dates and names: it asks when somebody died of what tells when she was born. They were written after the rules.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.pipeline import pipeline
from xnai_pipelines.answers.ask import weigh
from xnai_pipelines.answers.evidence import Evidence, Extent, choose_evidence
from xnai_pipelines.answers.extractive import tells
from xnai_pipelines.answers.gold import GoldAnswer
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.refusal import DOUBT, NO_POLICY
from xnai_pipelines.answers.scoring import score
from xnai_pipelines.chunks.boundaries import sentence_starts
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.token_codes import TokenCodes
from xnai_pipelines.search.index import SearchIndex

QUESTIONS = Path(__file__).parent / "attributes.jsonl"
RELATIONS = Path(__file__).parent / "relations.jsonl"
PLACES = Path(__file__).parent / "places.jsonl"


@dataclass(frozen=True, slots=True)
class AttributeQuestion:
    """A question, its language and part, and the words that answer it; "" if its document does not."""

    question: str
    language: str
    part: str
    answer: str


def main() -> None:
    """Print how many questions are refused at the default threshold, and how well the confidence tells them apart."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=Path(".xnai/models"))
    models = parser.parse_args().models
    for path in (QUESTIONS, RELATIONS, PLACES):
        with TemporaryDirectory() as folder, pipeline(models, Runtime.INT8_DYNAMIC) as made:
            write_documents(Path(folder), path)
            made.ingest(Path(folder))
            passages = Passages(SearchIndex.open(made.context.home.root, threads=2), made.context.home)
            for part in ("train", "test"):
                if asked := [one for one in questions(path) if one.part == part]:
                    print(json.dumps({"file": path.stem, "part": part, **measure(passages, asked)}))


def write_documents(folder: Path, path: Path = QUESTIONS) -> None:
    """Write the documents, a file each."""
    for at, row in enumerate(_rows(path)):
        (folder / f"{at:02}.md").write_text(row["text"], encoding="utf-8")


def questions(path: Path = QUESTIONS) -> list[AttributeQuestion]:
    """Return the questions of both parts."""
    return [
        AttributeQuestion(question, row["language"], row["part"], answer)
        for row in _rows(path)
        for question, answer in [*row["answered"], *((one, "") for one in row["refused"])]
    ]


def measure(passages: Passages, asked: Sequence[AttributeQuestion]) -> dict[str, object]:
    """Return the shares that are refused, the area under the curve, and how often the first quote has the answer."""
    weighed = [weigh(passages, one.question) for one in asked]
    sure = np.array([NO_POLICY.confidence.of(one.scored.features) for one in weighed])
    answered = np.array([bool(one.answer) for one in asked])
    above = np.mean([(one > sure[~answered]) + 0.5 * (one == sure[~answered]) for one in sure[answered]])
    said = [found.sentences() for found in weighed]
    doubted = np.array([not tells(one.question, each) for one, each in zip(asked, said, strict=True)]) | (sure < DOUBT)
    marked = np.array([any(one.span for first in each[:1] for one in first.citations) for each in said])
    first = [one.answer in found.best(1)[0].quote for one, found in zip(asked, weighed, strict=True) if one.answer]
    return {
        "answered": int(answered.sum()),
        "wrongly_refused": round(float(np.mean(sure[answered] < NO_POLICY.threshold)), 3),
        "rightly_refused": round(float(np.mean(sure[~answered] < NO_POLICY.threshold)), 3),
        "wrongly_refused_or_doubted": round(float(np.mean(doubted[answered])), 3),
        "rightly_refused_or_doubted": round(float(np.mean(doubted[~answered])), 3),
        "rightly_marked": round(float(np.mean(marked[answered])), 3),
        "wrongly_marked": round(float(np.mean(marked[~answered] & (sure[~answered] >= NO_POLICY.threshold))), 3),
        "area_under_the_curve": round(float(above), 3),
        "answer_in_first": round(float(np.mean(first)), 3),
    }


class WithoutSentences(Passages):
    """The passages as they are, but for the tokens of some sentences."""

    def __init__(self, passages: Passages, gone: Mapping[str, Sequence[tuple[int, int]]]) -> None:
        super().__init__(passages.index, passages._home)
        self._gone = gone

    def token_codes(self, rows: Sequence[int]) -> list[TokenCodes]:
        """Return the token codes without those of the sentences."""
        documents = self.index.corpus.values("document_id", rows)
        return [self._left(*one) for one in zip(super().token_codes(rows), documents, strict=True)]

    def _left(self, codes: TokenCodes, document: str) -> TokenCodes:
        left = np.ones(len(codes.spans), bool)
        for start, end in self._gone.get(document, ()):
            left &= ~((codes.spans[:, 0] >= start) & (codes.spans[:, 1] <= end))
        return TokenCodes(codes.spans[left], codes.bits[left], codes.dimension)


def features_without_the_sentence(
    passages: Passages, question: str, gold: Sequence[GoldAnswer], texts: Mapping[str, str]
) -> tuple[float, ...]:
    """Return the features of a question once the sentences with its known answers are blank."""
    gone: dict[str, list[tuple[int, int]]] = {}
    for known in gold:
        text = texts[known.document_id]
        for start, end in pairwise([0, *sentence_starts(text, 0, len(text)), len(text)]):
            if start < known.end and end > known.start:
                gone.setdefault(known.document_id, []).append((start, end))
    evidence = [
        _blank(one, gone.get(one.document_id, ()))
        for one in choose_evidence(passages, question, extent=Extent.PASSAGES)
    ]
    return score(WithoutSentences(passages, gone), question, evidence).features


def _blank(one: Evidence, gone: Sequence[tuple[int, int]]) -> Evidence:
    text = one.text
    for start, end in gone:
        first, last = max(0, start - one.start), min(len(text), end - one.start)
        if first < last:
            text = text[:first] + " " * (last - first) + text[last:]
    return replace(one, text=text)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    main()
