"""Answers without a language model on XQuAD and the sample: citations, refusals and latency, test questions.

    python -m benchmarks.answers --data DATA [--corpora xquad-en ...]

Refusals are measured on three kinds of question: answerable ones; the same with the documents that answer taken away;
and the claims of SciFact, on which no document of XQuAD has anything.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.pipeline import Pipeline, pipeline
from xnai_pipelines.answers.evaluation import KnownAnswers
from xnai_pipelines.answers.gold import GoldAnswer, StoredTexts, read_gold
from xnai_pipelines.answers.make import measure_answers, questions_to_measure_on, stored
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.policy import features, make_refusal_policy
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.evaluation.policy import PolicyOptions, make_policy
from xnai_pipelines.questions.make import make_questions, read_questions
from xnai_pipelines.questions.question import Question
from xnai_pipelines.sample.documents import questions_path, write_sample
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.state.context import StageContext
from xnai_pipelines.state.schemas import DOCUMENTS

FOREIGN = 300  # questions of the foreign corpus


def main() -> None:
    """Print a row of figures for each corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=Path(".xnai/models"))
    parser.add_argument("--corpora", nargs="+", default=["xquad-en", "xquad-ru", "sample"])
    arguments = parser.parse_args()
    foreign = _foreign(arguments.data / "scifact/questions/queries.jsonl")
    for corpus in arguments.corpora:
        with TemporaryDirectory() as folder, pipeline(arguments.models, Runtime.INT8_DYNAMIC) as made:
            documents, questions = arguments.data / corpus / "documents", arguments.data / corpus / "questions"
            if corpus == "sample":
                documents, questions = Path(folder) / "documents", questions_path()
                write_sample(documents)
            ingest(made, documents, questions)
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
        "foreign_refused": round(float(np.mean([policy.refuses(features(passages, one)) for one in foreign])), 3),
        "threshold": round(policy.threshold, 3),
        "p50_ms": report.p50_ms,
        "p95_ms": report.p95_ms,
    }


def known_answers(context: StageContext, labelled: Path) -> tuple[StoredTexts, Mapping[str, Sequence[GoldAnswer]]]:
    """Return what reads the stored texts, and the known answers by question_id."""
    texts = stored(context.tables)
    return texts, read_gold(labelled, context.tables.pairs(DOCUMENTS, "source", "document_id"), texts).answers


def _first_hit(index: SearchIndex, question: Question) -> bool:
    return any(hit.document_id in question.document_ids for hit in index.rank(question.question, 1))


def _foreign(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines[:FOREIGN]]


if __name__ == "__main__":
    main()
