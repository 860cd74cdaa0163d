"""Champion against challenger: paired differences with intervals, by slice and mode, and the questions that changed."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xnai_pipelines.evaluation.intervals import bootstrap_means
from xnai_pipelines.evaluation.per_question import of_questions
from xnai_pipelines.evaluation.report import Level
from xnai_pipelines.evaluation.slices import DIMENSIONS, OVERALL, Slice, in_slice, slices
from xnai_pipelines.questions.question import Origin, Split
from xnai_pipelines.releases.comparison import COMPARED_METRICS, MODES, ChangedQuestion, Compared, Comparison, Contender
from xnai_pipelines.releases.pairing import Paired, pair

MIN_QUESTIONS = 10
CHANGED_QUESTIONS = 20

_BY_ANSWER = tuple(dimension for dimension in DIMENSIONS if dimension != "origin")
_SAME_NDCG = 1e-9

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """The questions of one origin that may judge: of the test split if it has any, else of the validation split."""

    origin: Origin
    split: Split
    questions: pa.Table

    @property
    def statement(self) -> str:
        return f"{self.questions.num_rows} {self.origin} questions of the {self.split} split"


def compare(
    champion_rows: pa.Table,
    challenger_rows: pa.Table,
    *,
    champion: Contender,
    challenger: Contender,
    least: int = MIN_QUESTIONS,
    chosen: Mapping[Slice, Collection[str]] | None = None,
) -> Comparison:
    """Return how the challenger does against the champion on the same questions, by document.

    Labelled questions of the test split judge; if there are none, those of the validation split. If fewer than `least`
    labelled questions remain, generated ones judge under the same rule. Questions of the training split never judge:
    the challenger may have learned their answers. A slice with too few labelled questions is judged by generated ones
    if there are enough. A figure never mixes origins.
    Intervals come from `bootstrap_means`; every figure of a slice uses the same resamples.

    Args:
        champion_rows: The champion's evaluation, of schema `PER_QUESTION`.
        challenger_rows: The challenger's, of the same questions and documents.
        champion: What answers searches now.
        challenger: What may replace it.
        least: Min questions of a slice that is compared.
        chosen: Question ids of slices that no column defines, such as the questions added since the release.

    Raises:
        ValueError: The two evaluations differ in questions or documents, a search failed for only one of the two, a
            figure is not finite, or every question is of the training split.
    """
    paired = pair(champion_rows, challenger_rows)
    asked = _asked(paired.questions, least)
    if not asked:
        raise ValueError(
            f"All {len(paired.values)} questions are in the training split, and a challenger is not judged on its "
            "training questions. Label questions about other documents."
        )
    whole, parts = _parts(asked, least, chosen or {})
    compared = [one for part, (origin, rows) in parts.items() for one in _compared(part, origin, paired.values[rows])]
    return Comparison(
        champion=champion,
        challenger=challenger,
        questions_statement=_statement(asked, least, parts),
        least=least,
        compared=tuple(compared),
        whole=whole,
        changed=_changed(paired, _row_numbers(asked[0].questions)),
        notes=paired.notes,
    )


def _asked(questions: pa.Table, least: int) -> list[_Asked]:
    """Return the questions that may judge, by origin: labelled ones first unless there are too few of them."""
    found = []
    for origin in Origin:
        for split in (Split.TEST, Split.VALIDATION):
            rows = of_questions(questions, origin, split, Level.DOCUMENT)
            if rows.num_rows:
                found.append(_Asked(origin, split, rows))
                break
    return sorted(found, key=lambda one: one.questions.num_rows < least)


def _parts(
    asked: Sequence[_Asked], least: int, chosen: Mapping[Slice, Collection[str]]
) -> tuple[tuple[Slice, ...], dict[Slice, tuple[Origin, Rows]]]:
    """Return the slices that contain all questions of the first origin, and the rows of each slice to compare."""
    first = asked[0]
    whole = (Slice("origin", first.origin), *_whole(first.questions))
    found: dict[Slice, tuple[Origin, Rows]] = {}
    for one in asked:
        named = {part: in_slice(one.questions, part) for part in slices(one.questions, least, _BY_ANSWER)}
        if one is not first:
            named |= dict.fromkeys([Slice("origin", one.origin), *_whole(one.questions)], one.questions)
        ids = one.questions["question_id"].to_pylist()
        for part, names in chosen.items():
            wanted = set(names)
            named[part] = one.questions.filter(pa.array([name in wanted for name in ids], pa.bool_()))
        for part, questions in named.items():
            if part not in whole and questions.num_rows >= least:
                found.setdefault(part, (one.origin, _row_numbers(questions)))

    def place(part: Slice) -> tuple[int, Slice]:
        return DIMENSIONS.index(part.dimension) if part.dimension in DIMENSIONS else len(DIMENSIONS), part

    ordered = {part: found[part] for part in sorted(found, key=place)}
    return whole, {OVERALL: (first.origin, _row_numbers(first.questions)), **ordered}


def _whole(questions: pa.Table) -> list[Slice]:
    """Return the slices by answer that contain all these questions."""
    counts = {dimension: Counter(questions[dimension].to_pylist()) for dimension in _BY_ANSWER}
    return [
        Slice(dimension, value)
        for dimension, values in counts.items()
        for value, number in values.items()
        if value is not None and number == questions.num_rows
    ]


def _row_numbers(questions: pa.Table) -> Rows:
    numbers: Rows = questions["row"].to_numpy()
    return numbers


def _compared(part: Slice, origin: Origin, values: NDArray[np.float64]) -> Iterator[Compared]:
    """Yield the figures of each mode from values [questions, contenders, modes, metrics]."""
    champion, challenger = values[:, 0], values[:, 1]
    stacked = np.stack([champion, challenger, challenger - champion], axis=1)
    estimates = iter(bootstrap_means(stacked.reshape(len(values), -1), seed=0))
    figures = [[{metric: next(estimates) for metric in COMPARED_METRICS} for _ in MODES] for _ in range(3)]
    ndcg = stacked[:, 2, :, COMPARED_METRICS.index("ndcg_at_10")]
    for number, mode in enumerate(MODES):
        wins, losses = int((ndcg[:, number] > _SAME_NDCG).sum()), int((ndcg[:, number] < -_SAME_NDCG).sum())
        of_champion, of_challenger, difference = (by_mode[number] for by_mode in figures)
        ties = len(values) - wins - losses
        yield Compared(
            slice=part,
            mode=mode,
            origin=origin,
            questions=len(values),
            champion=of_champion,
            challenger=of_challenger,
            difference=difference,
            wins=wins,
            losses=losses,
            ties=ties,
        )


def _statement(asked: Sequence[_Asked], least: int, parts: Mapping[Slice, tuple[Origin, Rows]]) -> str:
    """Return which questions judge, as a phrase."""
    first, *others = asked
    words = first.statement
    for other in others:
        if any(origin is other.origin for origin, _ in parts.values()):
            words += f"; slices with fewer than {least} of them by {other.statement}"
    return words


def _changed(paired: Paired, rows: Rows) -> tuple[ChangedQuestion, ...]:
    """Return the questions that improved and those that got worse, half of each if there are enough of both."""
    ndcg = paired.values[rows, :, :, COMPARED_METRICS.index("ndcg_at_10")]
    changes = ndcg[:, 1] - ndcg[:, 0]
    modes = np.abs(changes).argmax(axis=1)
    change = changes[np.arange(len(rows)), modes]
    order = np.argsort(-np.abs(change), kind="stable")  # ties: the lower question id first
    better = [number for number in order.tolist() if change[number] > _SAME_NDCG]
    worse = [number for number in order.tolist() if change[number] < -_SAME_NDCG]
    half = CHANGED_QUESTIONS // 2
    better_shown = better[: max(half, CHANGED_QUESTIONS - len(worse))]
    worse_shown = worse[: CHANGED_QUESTIONS - len(better_shown)]
    return tuple(
        _changed_question(paired, int(rows[number]), MODES[modes[number]]) for number in (*better_shown, *worse_shown)
    )


def _changed_question(paired: Paired, row: int, mode: str) -> ChangedQuestion:
    champion, challenger = (rows[mode].slice(row, 1).to_pylist()[0] for rows in (paired.champion, paired.challenger))
    return ChangedQuestion(
        question=champion["question"],
        mode=mode,
        language=champion["language"],
        folder=champion["folder"],
        relevant=tuple(champion["relevant_sources"]),
        champion_rank=champion["first_relevant_rank"],
        challenger_rank=challenger["first_relevant_rank"],
        champion_ndcg=champion["ndcg_at_10"],
        challenger_ndcg=challenger["ndcg_at_10"],
        champion_found=tuple(champion["top_sources"]),
        challenger_found=tuple(challenger["top_sources"]),
    )
