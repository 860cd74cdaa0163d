"""Evaluates a search on questions: a report with intervals, and a table with a row per question."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.evaluation.asking import Search, ask, count_calls
from xnai_pipelines.evaluation.intervals import bootstrap_means
from xnai_pipelines.evaluation.metrics import METRICS
from xnai_pipelines.evaluation.per_question import of_questions, per_question_table, worst_questions
from xnai_pipelines.evaluation.report import EvaluationReport, Headline, Level, ModeFigures, Setting
from xnai_pipelines.evaluation.slices import DocumentFacts
from xnai_pipelines.questions.question import Origin, Question, Split
from xnai_pipelines.state.measured import content_hash
from xnai_pipelines.wording import counted

CHUNKS_PER_SEARCH = 200

# Part of every fingerprint. Raise it when a change of this package changes the figures.
_FIGURES_VERSION = 2


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The report, and a table of schema `PER_QUESTION` with a row per question, level and mode."""

    report: EvaluationReport
    per_question: pa.Table


def evaluate(
    *,
    questions: Sequence[Question],
    modes: Sequence[str],
    search: Search,
    fingerprint: str,
    splits_given: bool,
    unanswered: int = 0,
    documents: Mapping[str, DocumentFacts],
    settings: Mapping[str, Setting],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """Return the figures of a search on questions, scored separately for labelled and generated ones.

    Documents are ranked by their best chunk. A search that raises counts 0 in the metrics, and its error is shown. Run
    one search before, so that the latencies do not include loading the model.

    Args:
        questions: Questions with a split and at least one relevant document.
        modes: Names of the search modes.
        search: Function that takes a query, a mode and the number of chunks, and returns distinct chunks, best first.
        fingerprint: Result of `evaluation_fingerprint`.
        splits_given: Whether the labelled questions came with splits, which the headline states.
        unanswered: Number of labelled questions left out because no stored document answers them, stated there too.
        documents: Facts by document_id, for slices and tables.
        settings: Other values that the figures depend on, kept in the report.
        progress: Function called after each search with the number done and the total.

    Raises:
        ValueError: There is no question or mode, or a search returned a chunk twice.
    """
    if not questions or not modes:
        raise ValueError("An evaluation needs at least one question and one search mode.")
    answers = ask(questions, modes, search, depth=CHUNKS_PER_SEARCH, progress=progress)
    table = per_question_table(answers, documents)
    headlines = _headlines(questions, splits_given, unanswered)
    worst_mode = "hybrid" if "hybrid" in modes else modes[0]
    report = EvaluationReport(
        fingerprint=fingerprint,
        question_set=question_set(questions),
        evaluated_at=datetime.now(UTC),
        modes=tuple(modes),
        depth=CHUNKS_PER_SEARCH,
        settings=dict(settings),
        headlines=headlines,
        sections=tuple(_sections(table, modes)),
        calls=tuple(count_calls(mode, [answer for answer in answers if answer.mode == mode]) for mode in modes),
        worst_mode=worst_mode,
        worst=worst_questions(table, headlines[0], worst_mode),
    )
    return Evaluation(report, table)


def evaluation_fingerprint(table: str, questions: Sequence[Question], settings: Mapping[str, Setting]) -> str:
    """Return a hash of everything that an evaluation's figures depend on.

    Args:
        table: Fingerprint of the content that is searched.
        questions: Questions in any order.
        settings: Depth and everything else that changes a ranking.
    """
    return content_hash(_FIGURES_VERSION, table, question_set(questions), dict(sorted(settings.items())))


def question_set(questions: Sequence[Question]) -> str:
    """Return a hash of the questions with their answers and splits, the same in any order."""
    return content_hash(*sorted(json.dumps(asdict(question), sort_keys=True) for question in questions))


def _headlines(questions: Sequence[Question], splits_given: bool, unanswered: int) -> tuple[Headline, ...]:
    headlines = []
    for origin in Origin:
        asked = [question for question in questions if question.origin is origin]
        tested = [question for question in asked if question.split is Split.TEST]
        lost = ""
        if unanswered and origin is Origin.LABELLED:
            lost = f"; {unanswered} of {len(asked) + unanswered} left out, no stored document answers them"
        if tested:
            made = "as given" if splits_given and origin is Origin.LABELLED else "split by document"
            statement = f"{counted(len(tested), f'{origin} question')} of the test split ({made}){lost}"
            headlines.append(Headline(origin, Split.TEST, len(tested), statement))
        elif asked:
            statement = f"all {counted(len(asked), f'{origin} question')} (none is in the test split){lost}"
            headlines.append(Headline(origin, None, len(asked), statement))
    return tuple(headlines)


def _sections(table: pa.Table, modes: Sequence[str]) -> Iterator[ModeFigures]:
    for origin, level, split in product(Origin, Level, (*Split, None)):
        rows = of_questions(table, origin, split, level)
        if not rows.num_rows:
            continue
        # Rows are mode by mode with the same questions in each: [modes, questions, metrics].
        values = np.stack([rows[metric].to_numpy() for metric in METRICS], axis=-1)
        values = values.reshape(len(modes), -1, len(METRICS))
        number = values.shape[1]
        estimates = iter(bootstrap_means(values.swapaxes(0, 1).reshape(number, -1), seed=0))
        for mode in modes:
            failed = rows.filter((pc.field("mode") == mode) & pc.field("error").is_valid())
            metrics = {metric: next(estimates) for metric in METRICS}
            yield ModeFigures(
                origin=origin,
                split=split,
                level=level,
                mode=mode,
                questions=number,
                errors=failed.num_rows,
                metrics=metrics,
            )
