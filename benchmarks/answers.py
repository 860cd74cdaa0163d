"""Answers without a language model on XQuAD and the sample: citations, refusals and latency, test questions.

    python -m benchmarks.answers --data DATA [--corpora xquad-en ...] [--fit]

Refusals are measured on three kinds of question: answerable ones; the same with the documents that answer taken away;
and the claims of SciFact, on which no document of XQuAD has anything. `--fit` prints the weights of
`answers/scoring.py`, derived from the train questions of the English corpus and of `benchmarks.near_misses`.
"""

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.near_misses import features_without_the_sentence, write_documents
from benchmarks.near_misses import questions as attribute_questions
from benchmarks.pipeline import Pipeline, pipeline
from xnai_pipelines.answers.ask import weigh
from xnai_pipelines.answers.evaluation import KnownAnswers
from xnai_pipelines.answers.gold import GoldAnswer, StoredTexts, read_gold
from xnai_pipelines.answers.make import measure_answers, questions_to_measure_on, stored
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.policy import confidence, make_refusal_policy
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.evaluation.policy import PolicyOptions, make_policy
from xnai_pipelines.questions.make import make_questions, read_questions
from xnai_pipelines.questions.question import Question, Split
from xnai_pipelines.sample.documents import questions_path, write_sample
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.state.context import StageContext
from xnai_pipelines.state.schemas import DOCUMENTS

_NUMBER = re.compile(r"\b\d[\d,.]*\b")
_NAME = re.compile(r"(?<=\s)[A-Z][\w'-]+(?: [A-Z][\w'-]+)*")
FOREIGN = 300  # questions of the foreign corpus


def main() -> None:
    """Print a row of figures for each corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=Path(".xnai/models"))
    parser.add_argument("--corpora", nargs="+", default=["xquad-en", "xquad-ru", "sample"])
    parser.add_argument("--fit", action="store_true", help="print the weights of the confidence and stop")
    arguments = parser.parse_args()
    foreign = _foreign(arguments.data / "scifact/questions/queries.jsonl")
    for corpus in ["xquad-en"] if arguments.fit else arguments.corpora:
        with TemporaryDirectory() as folder, pipeline(arguments.models, Runtime.INT8_DYNAMIC) as made:
            documents, questions = arguments.data / corpus / "documents", arguments.data / corpus / "questions"
            if corpus == "sample":
                documents, questions = Path(folder) / "documents", questions_path()
                write_sample(documents)
            ingest(made, documents, questions)
            if arguments.fit:
                fit(made.context, questions, arguments.models)
            else:
                print(json.dumps({"corpus": corpus, **measure(made.context, questions, foreign)}), flush=True)


def ingest(made: Pipeline, documents: Path, questions: Path) -> None:
    """Ingest a corpus and choose how search ranks."""
    made.ingest(documents, questions)
    make_questions(made.context, questions)
    make_policy(made.context, PolicyOptions(), threads=2)


def measure(context: StageContext, labelled: Path, foreign: Sequence[str]) -> dict[str, object]:
    """Return the figures of the answers to the test questions, and of search's first hit beside them."""
    index = SearchIndex.open(context.home.root, threads=1)
    passages, questions = Passages(index, context.home), read_questions(context.tables)
    policy = make_refusal_policy(context, passages, questions)
    texts, gold = known_answers(context, labelled)
    tested = questions_to_measure_on(questions)
    report = measure_answers(context, passages, KnownAnswers(tested, gold, texts), policy)
    figures = {
        name: [round(found.mean, 3), round(found.low, 3), round(found.high, 3)]
        for name, found in report.figures.items()
    }
    return {
        "passages": len(index.corpus.passages),
        "questions": len(tested),
        **figures,
        "search_first_hit": round(float(np.mean([_first_hit(index, question) for question in tested])), 3),
        "foreign_refused": round(float(np.mean([confidence(passages, one) < policy.threshold for one in foreign])), 3),
        "threshold": round(policy.threshold, 3),
        "p50_ms": report.p50_ms,
        "p95_ms": report.p95_ms,
    }


def known_answers(context: StageContext, labelled: Path) -> tuple[StoredTexts, Mapping[str, Sequence[GoldAnswer]]]:
    """Return what reads the stored texts, and the known answers by question_id."""
    texts = stored(context.tables)
    return texts, read_gold(labelled, context.tables.pairs(DOCUMENTS, "source", "document_id"), texts).answers


def fit(context: StageContext, labelled: Path, models: Path) -> None:
    """Print weights and offset of a logistic regression on the train questions.

    Each is asked with and without its documents; without the sentence that answers it counts a quarter, and one in
    which a name or number is replaced by another question's half, so that questions without an answer in the documents
    do not outweigh the others. A question for another attribute, and the answered ones beside it, count three times.
    """
    from sklearn.linear_model import LogisticRegression

    passages = Passages(SearchIndex.open(context.home.root, threads=2), context.home)
    asked = [one for one in read_questions(context.tables) if one.split is Split.TRAIN]
    cases = [(one.question, without, 1.0) for one in asked for without in (frozenset[str](), one.document_ids)]
    answered = [not without for _, without, _ in cases]
    near = swapped([one.question for one in asked])
    cases += [(question, frozenset[str](), 0.5) for question in near]
    answered += [False] * len(near)
    found = [weigh(passages.without(without), question).scored.features for question, without, _ in cases]
    counts = [weight for *_, weight in cases]
    _, gold = known_answers(context, labelled)
    plain = context.tables.pairs(DOCUMENTS, "document_id", "text")
    for one in asked:
        if known := gold.get(one.question_id):
            found.append(features_without_the_sentence(passages, one.question, known, plain))
            answered.append(False)
            counts.append(0.25)
    with TemporaryDirectory() as folder, pipeline(models, Runtime.INT8_DYNAMIC) as made:
        write_documents(Path(folder))
        made.ingest(Path(folder))
        short = Passages(SearchIndex.open(made.context.home.root, threads=2), made.context.home)
        for near_miss in attribute_questions():
            if near_miss.part == "train":
                found.append(weigh(short, near_miss.question).scored.features)
                answered.append(bool(near_miss.answer))
                counts.append(3.0)
    features = np.array(found)
    scale = features.std(axis=0)
    model = LogisticRegression(C=1.0, max_iter=1_000).fit(features / scale, answered, sample_weight=counts)
    print(np.round(model.coef_[0] / scale, 3).tolist(), round(float(model.intercept_[0]), 3))


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


def _first_hit(index: SearchIndex, question: Question) -> bool:
    return any(hit.document_id in question.document_ids for hit in index.rank(question.question, 1))


def _foreign(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines[:FOREIGN]]


if __name__ == "__main__":
    main()
