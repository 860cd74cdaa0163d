"""The default weights of how sure a release is that its documents answer, and the default threshold.

    python -m benchmarks.confidence --data DATA [--questions N]

Prints what `answers/confidence.py` and `answers/refusal.py` hold, derived from train questions. Questions that the
documents answer are those of XQuAD in English, of the sample, whose questions share few words with what answers them,
and of `benchmarks.near_misses`. Those that they do not answer are the same without their documents, or without the
sentence that answers; with a name or number of another question; for another attribute; or of the other corpus.
"""

import argparse
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.answers import ingest, known_answers
from benchmarks.near_misses import features_without_the_sentence, write_documents
from benchmarks.near_misses import questions as attribute_questions
from benchmarks.pipeline import pipeline
from xnai_pipelines.answers.confidence import FEATURES, Features
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.policy import features
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.questions.make import read_questions
from xnai_pipelines.questions.question import Question, Split
from xnai_pipelines.sample.documents import questions_path, write_sample
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.state.context import StageContext
from xnai_pipelines.state.schemas import DOCUMENTS

SAMPLE = 0.3  # what a question of the sample counts, beside one of XQuAD
SWAPPED = 0.5
WITHOUT_THE_SENTENCE = 0.25
ATTRIBUTE = 3.0
FOREIGN = 3.0
FOREIGN_QUESTIONS = 60  # of the other corpus
REFUSED = 0.04  # share of XQuAD's train questions below the threshold

_NUMBER = re.compile(r"\b\d[\d,.]*\b")
_NAME = re.compile(r"(?<=\s)[A-Z][\w'-]+(?: [A-Z][\w'-]+)*")


@dataclass
class Cases:
    """Features of questions, whether the documents answer them, and what each counts."""

    features: list[Features] = field(default_factory=list)
    answered: list[bool] = field(default_factory=list)
    counts: list[float] = field(default_factory=list)

    def add(self, found: Iterable[Features], *, answered: bool, count: float = 1.0) -> None:
        """Add questions of one kind."""
        for one in found:
            self.features.append(one)
            self.answered.append(answered)
            self.counts.append(count)


def main() -> None:
    """Print weights, offset, spreads and threshold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=Path(".xnai/models"))
    parser.add_argument("--questions", type=int, default=300, help="max train questions of each corpus")
    arguments = parser.parse_args()
    cases, labelled, most = Cases(), arguments.data / "xquad-en/questions", arguments.questions
    with TemporaryDirectory() as folder, pipeline(arguments.models, Runtime.INT8_DYNAMIC) as made:
        write_sample(Path(folder))
        ingest(made, Path(folder), questions_path())
        sample = _passages(made.context)
        asked = _train(made.context, most)
        add_labelled(cases, sample, asked, SAMPLE)
        with pipeline(arguments.models, Runtime.INT8_DYNAMIC) as other:
            ingest(other, arguments.data / "xquad-en/documents", labelled)
            encyclopaedia, known = _passages(other.context), _train(other.context, most)
            answered = [features(encyclopaedia, one.question) for one in known]
            add_labelled(cases, encyclopaedia, known, 1.0)
            add_near_misses(cases, other.context, encyclopaedia, known, labelled)
            for passages, foreign in ((sample, known), (encyclopaedia, asked)):
                some = foreign[:FOREIGN_QUESTIONS]
                cases.add([features(passages, one.question) for one in some], answered=False, count=FOREIGN)
    with TemporaryDirectory() as folder, pipeline(arguments.models, Runtime.INT8_DYNAMIC) as made:
        write_documents(Path(folder))
        made.ingest(Path(folder))
        short = _passages(made.context)
        for one in attribute_questions():
            if one.part == "train":
                cases.add([features(short, one.question)], answered=bool(one.answer), count=ATTRIBUTE)
    print(json.dumps(weights(cases, np.array(answered))))


def add_labelled(cases: Cases, passages: Passages, asked: Sequence[Question], count: float) -> None:
    """Add questions, and the same without the documents that answer them."""
    cases.add([features(passages, one.question) for one in asked], answered=True, count=count)
    removed = [features(passages, one.question, one.document_ids) for one in asked]
    cases.add(removed, answered=False, count=count)


def add_near_misses(
    cases: Cases, context: StageContext, passages: Passages, asked: Sequence[Question], labelled: Path
) -> None:
    """Add questions without the sentence that answers, and with another name or number."""
    _, gold = known_answers(context, labelled)
    plain = context.tables.pairs(DOCUMENTS, "document_id", "text")
    without = [
        features_without_the_sentence(passages, one.question, gold[one.question_id], plain)
        for one in asked
        if one.question_id in gold
    ]
    cases.add(without, answered=False, count=WITHOUT_THE_SENTENCE)
    others = [features(passages, question) for question in swapped([one.question for one in asked])]
    cases.add(others, answered=False, count=SWAPPED)


def weights(cases: Cases, answered: np.ndarray) -> dict[str, object]:
    """Return the weights by logistic regression; `answered` are the features that the threshold is chosen on."""
    from sklearn.linear_model import LogisticRegression

    found = np.array(cases.features)
    spreads = answered.std(axis=0)
    scale = np.maximum(found.std(axis=0), 0.05)
    model = LogisticRegression(C=1.0, max_iter=3_000).fit(found / scale, cases.answered, sample_weight=cases.counts)
    weighed = model.coef_[0] / scale
    sure = answered @ weighed + model.intercept_[0]
    return {
        "weights": dict(zip(FEATURES, np.round(weighed, 2).tolist(), strict=True)),
        "offset": round(float(model.intercept_[0]), 2),
        "spreads": np.round(spreads, 3).tolist(),
        "threshold": round(float(np.quantile(sure, REFUSED)), 2),
    }


def swapped(questions: Sequence[str]) -> list[str]:
    """Return questions with a name, or a number, replaced by that of another one; those without are left out."""
    generator = Random(0)  # noqa: S311
    found: list[str] = []
    for pattern in (_NUMBER, _NAME):
        things = [match for question in questions for match in pattern.findall(question)]
        for question in questions:
            match = pattern.search(question)
            others = [thing for thing in things if thing not in question]
            if match and others and not (pattern is _NAME and _NUMBER.search(question)):
                found.append(question[: match.start()] + generator.choice(others) + question[match.end() :])
    return found


def _passages(context: StageContext) -> Passages:
    return Passages(SearchIndex.open(context.home.root, threads=2), context.home)


def _train(context: StageContext, most: int) -> list[Question]:
    asked = [one for one in read_questions(context.tables) if one.split is Split.TRAIN]
    return sorted(asked, key=lambda one: one.question_id)[:most]


if __name__ == "__main__":
    main()
