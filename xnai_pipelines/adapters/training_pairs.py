"""Questions and the passages that answer them, for training, apart from everything that is evaluated."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from xnai_pipelines.adapters.mining import ToMine, mine_pairs
from xnai_pipelines.adapters.pairs import TrainingPair, pairs_sha256
from xnai_pipelines.errors import NoTrainingPairsError
from xnai_pipelines.evaluation.parts import MIN_QUESTIONS
from xnai_pipelines.questions.generated import Passage, generate_questions
from xnai_pipelines.questions.make import SEED, passages_to_ask, read_questions
from xnai_pipelines.questions.question import Origin, Question, Split
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.make import index_content
from xnai_pipelines.state.context import StageContext, stage
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Release
from xnai_pipelines.state.measured import content_hash
from xnai_pipelines.state.records import read_record, write_record
from xnai_pipelines.state.schemas import CHUNKS, TRAINING_PAIRS
from xnai_pipelines.state.tables import Tables

MINING_VERSION = 2  # raised when the same questions and index give other pairs


@dataclass(frozen=True, slots=True)
class TrainingPairsReport:
    """The stored training pairs.

    `pairs` are those trained on; `validation_pairs` those that the training's curve is measured on. `dropped` are
    questions of the training split that are answered by a document of an evaluation question. `changed` says whether
    this run mined them.
    """

    sha256: str
    fingerprint: str
    release: int
    pairs: int
    validation_pairs: int
    documents: int
    negatives: int
    dropped: int
    without_answer: int
    by_origin: dict[str, int]
    by_language: dict[str, int]
    changed: bool
    seconds: float


def make_training_pairs(
    context: StageContext, *, threads: int, negatives: int, least_pairs: int
) -> TrainingPairsReport:
    """Bring the training pairs in line with the questions and the current release's index.

    Questions of the training split come first. If they give fewer than `least_pairs`, generated questions about
    documents without evaluation questions fill the set up. Each has up to `negatives` hard negatives.

    Raises:
        ReleaseError: Nothing is released yet.
        NoTrainingPairsError: No question can be used for training, or too few could judge what is trained.
    """
    with stage(context, "training_pairs") as watch:
        index = SearchIndex.open(context.home.root, threads=threads)
        questions = read_questions(context.tables)
        check_judges(questions)
        fingerprint = _fingerprint(
            context, index.release, questions=questions, negatives=negatives, least_pairs=least_pairs
        )
        known = read_training_pairs_report(context.home)
        if known and known.fingerprint == fingerprint and context.tables.count(TRAINING_PAIRS):
            known = replace(known, changed=False, seconds=0.0)
            write_record(_record_path(context.home), known)
            return known
        asked = [question for question in questions if question.split is Split.TRAIN]
        apart = evaluation_documents(questions)
        usable = [question for question in asked if apart.isdisjoint(question.document_ids)]
        to_mine = _to_mine(questions, _filled_up(context.tables, usable, apart, least_pairs))
        watch.items = len(to_mine)
        with context.progress.work("training pairs", watch.items, "questions") as advance:
            rows = mine_pairs(context.tables, index, to_mine, negatives, advance)
        if not any(row["split"] == Split.TRAIN for row in rows):
            raise NoTrainingPairsError(
                f"There is nothing to train on: {len(asked)} questions are in the training split, "
                f"{len(asked) - len(usable)} of them about documents of evaluation questions, and no other "
                "document is suited to generate a question from. Label more questions, about more documents."
            )
        context.tables.replace(TRAINING_PAIRS, rows)
        pairs = read_training_pairs(context.tables, Split.TRAIN)
    mined = [row for row in rows if row["split"] == Split.TRAIN]
    report = TrainingPairsReport(
        sha256=pairs_sha256(pairs),
        fingerprint=fingerprint,
        release=index.release.release,
        pairs=len(pairs),
        validation_pairs=len(rows) - len(mined),
        documents=len({pair.document_id for pair in pairs}),
        negatives=sum(len(pair.negatives) for pair in pairs),
        dropped=len(asked) - len(usable),
        without_answer=len({one.question.question_id for one in to_mine} - {row["question_id"] for row in rows}),
        by_origin=dict(Counter(row["origin"] for row in mined)),
        by_language=dict(Counter(row["language"] or "unknown" for row in mined)),
        changed=True,
        seconds=watch.seconds,
    )
    write_record(_record_path(context.home), report)
    return report


def check_judges(questions: Sequence[Question]) -> None:
    """Check that enough questions could judge an adapter: of the test split, or else of the validation split.

    Raises:
        NoTrainingPairsError: The gate would refuse whatever is trained.
    """
    found = Counter((question.origin, question.split) for question in questions)
    judges = {origin: found[origin, Split.TEST] or found[origin, Split.VALIDATION] for origin in Origin}
    if max(judges.values()) < MIN_QUESTIONS:
        numbers = " and ".join(f"{number} {origin}" for origin, number in judges.items())
        raise NoTrainingPairsError(
            f"Nothing was trained: {numbers} questions could judge it, and the gate needs {MIN_QUESTIONS} of one kind. "
            "About half of all questions judge; the others train. Label at least "
            f"{2 * MIN_QUESTIONS}, about more documents, in XNAI_QUESTIONS."
        )


def _to_mine(questions: Sequence[Question], trained: Sequence[Question]) -> list[ToMine]:
    """Return the questions to train on, and those of the validation split."""
    # negatives of validation pairs may be of any document not in the test split; training bars both splits
    apart, tested = evaluation_documents(questions), _test_documents(questions)
    validation = [question for question in questions if question.split is Split.VALIDATION]
    return [
        *(ToMine(question, Split.TRAIN, apart) for question in trained),
        *(ToMine(question, Split.VALIDATION, tested) for question in validation),
    ]


def _filled_up(tables: Tables, usable: Sequence[Question], apart: frozenset[str], least_pairs: int) -> list[Question]:
    """Return the labelled questions, and generated ones about other documents than `apart` if there are too few."""
    labelled = [question for question in usable if question.origin is Origin.LABELLED]

    def free() -> Iterator[Passage]:
        return (passage for passage in passages_to_ask(tables) if passage.document_id not in apart)

    return [*labelled, *generate_questions(free, max(0, least_pairs - len(labelled)), SEED)]


def read_training_pairs_report(home: Home) -> TrainingPairsReport | None:
    """Return the report of the stored pairs, None before the first."""
    return read_record(_record_path(home), TrainingPairsReport)


def _record_path(home: Home) -> Path:
    return home.state / "training_pairs.json"


def read_training_pairs(tables: Tables, split: Split) -> list[TrainingPair]:
    """Return the stored pairs of a split, by id, except those whose passages have been deleted."""
    rows = tables.read(TRAINING_PAIRS, TRAINING_PAIRS.schema.names, f"split = '{split}'").to_pylist()
    wanted = {chunk_id for row in rows for chunk_id in (row["chunk_id"], *row["negatives"])}
    found = tables.having(CHUNKS, ["chunk_id", "passage"], "chunk_id", wanted)
    texts = dict(zip(found["chunk_id"].to_pylist(), found["passage"].to_pylist(), strict=True))
    return [
        TrainingPair(
            question=row["question"],
            positive=texts[row["chunk_id"]],
            negatives=tuple(texts[chunk_id] for chunk_id in row["negatives"] if chunk_id in texts),
            document_id=row["document_id"],
        )
        for row in sorted(rows, key=lambda row: row["pair_id"])
        if row["chunk_id"] in texts
    ]


def leaked_documents(tables: Tables) -> dict[str, int]:
    """Return the documents of evaluation questions found in training pairs, with the number of pairs; empty: none."""
    apart = evaluation_documents(read_questions(tables))
    return dict(Counter(name for documents in documents_of_pairs(tables) for name in documents if name in apart))


def documents_of_pairs(tables: Tables) -> list[set[str]]:
    """Return the documents in each training pair, as its answer or as hard negatives."""
    rows = tables.read(TRAINING_PAIRS, ["document_id", "negatives"], f"split = '{Split.TRAIN}'").to_pylist()
    negatives = {name for row in rows for name in row["negatives"]}
    found = tables.having(CHUNKS, ["chunk_id", "document_id"], "chunk_id", negatives)
    document_of = dict(zip(found["chunk_id"].to_pylist(), found["document_id"].to_pylist(), strict=True))
    return [
        {row["document_id"], *(document_of[name] for name in row["negatives"] if name in document_of)} for row in rows
    ]


def evaluation_documents(questions: Sequence[Question]) -> frozenset[str]:
    """Return the documents that questions of the test and validation splits are about."""
    return frozenset(
        document_id
        for question in questions
        if question.split is not Split.TRAIN
        for document_id in question.document_ids
    )


def _test_documents(questions: Sequence[Question]) -> frozenset[str]:
    return evaluation_documents([question for question in questions if question.split is not Split.VALIDATION])


def _fingerprint(
    context: StageContext, release: Release, questions: Sequence[Question], negatives: int, least_pairs: int
) -> str:
    asked = sorted(json.dumps(asdict(question), sort_keys=True) for question in questions)
    return content_hash(MINING_VERSION, index_content(context, release), asked, negatives, least_pairs)
