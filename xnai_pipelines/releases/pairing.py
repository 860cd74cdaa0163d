"""Two evaluations side by side: the same questions in the same order, or an error that says what differs."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from xnai_pipelines.evaluation.report import Level
from xnai_pipelines.releases.comparison import COMPARED_METRICS, MODES
from xnai_pipelines.search.query import Mode

# What must be equal for a question in both tables: otherwise the two were judged by other answers or documents.
_SAME = ("question", "origin", "split", "language", "folder", "media_type", "relevant_sources")
_NAMED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Paired:
    """The same n questions asked of both, in the order of their ids.

    Attributes:
        champion: The champion's rows by mode, each of schema `PER_QUESTION`.
        challenger: The challenger's.
        values: float64 [n, contenders (champion, challenger), modes, metrics], ordered as `MODES` and
            `COMPARED_METRICS`.
        notes: What a reader has to know about the two, one sentence each.
    """

    champion: dict[str, pa.Table]
    challenger: dict[str, pa.Table]
    values: NDArray[np.float64]
    notes: tuple[str, ...]

    @property
    def questions(self) -> pa.Table:
        """The questions' columns, in the order of `values`, with their row as "row"."""
        rows = self.champion[MODES[0]]
        return rows.append_column("row", pa.array(range(rows.num_rows), pa.int64()))


def pair(champion_rows: pa.Table, challenger_rows: pa.Table) -> Paired:
    """Return the rows of level document of both, question by question.

    Raises:
        ValueError: The questions or their columns differ, a mode is missing, a search failed for only one of the two,
            or a figure is not finite.
    """
    champion = {mode: _rows_of(champion_rows, mode, "champion") for mode in MODES}
    challenger = {mode: _rows_of(challenger_rows, mode, "challenger") for mode in MODES}
    first = champion[MODES[0]]
    for mode in MODES:
        _refuse_other_questions(first, f"the champion in {MODES[0]} search", champion[mode], f"it in {mode} search")
        _refuse_other_questions(champion[mode], "the champion", challenger[mode], f"the challenger in {mode} search")
    failed = sum(_failures(champion[mode], challenger[mode], mode) for mode in MODES)
    notes = [f"{failed} searches failed for both; they count as nothing found."] if failed else []
    values = np.stack(
        [
            np.stack(
                [np.stack([rows[mode][metric].to_numpy() for metric in COMPARED_METRICS], -1) for mode in MODES], 1
            )
            for rows in (champion, challenger)
        ],
        axis=1,
    ).astype(np.float64)
    if not np.isfinite(values).all():
        row, contender, mode, metric = np.argwhere(~np.isfinite(values))[0].tolist()
        raise ValueError(
            f"{COMPARED_METRICS[metric]} of the {('champion', 'challenger')[contender]} in {MODES[mode]} search is not "
            f"finite for question {first['question_id'][row]}. Evaluate it again."
        )
    return Paired(champion, challenger, values, (*notes, *_keyword_notes(champion_rows, challenger_rows)))


def _rows_of(rows: pa.Table, mode: str, whose: str) -> pa.Table:
    """Return the rows of level document in a mode, by question id."""
    found = rows.filter((pc.field("level") == Level.DOCUMENT) & (pc.field("mode") == mode)).sort_by("question_id")
    if not found.num_rows:
        raise ValueError(f"The {whose} has no rows for {mode} search. Evaluate it in {' and '.join(MODES)} search.")
    if pc.count_distinct(found["question_id"]).as_py() < found.num_rows:
        raise ValueError(
            f"The {whose}'s evaluation contains a question twice in {mode} search. Pass one evaluation only."
        )
    return found


def _refuse_other_questions(rows: pa.Table, whose: str, others: pa.Table, of_others: str) -> None:
    ids, other_ids = (set(table["question_id"].to_pylist()) for table in (rows, others))
    if ids != other_ids:
        missing, more = sorted(ids - other_ids), sorted(other_ids - ids)
        parts = [
            f"{len(names)} only of {who} ({_some(names)})"
            for names, who in ((missing, whose), (more, of_others))
            if names
        ]
        raise ValueError(f"The questions differ: {', '.join(parts)}. Evaluate both on one question set.")
    for column in _SAME:
        here, there = rows[column].to_pylist(), others[column].to_pylist()
        differ = [
            name for name, one, other in zip(rows["question_id"].to_pylist(), here, there, strict=True) if one != other
        ]
        if differ:
            raise ValueError(
                f"{column} of {len(differ)} questions differs between {whose} and {of_others} ({_some(differ)}). "
                "Evaluate both on the same documents and questions."
            )


def _some(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")


def _failures(champion: pa.Table, challenger: pa.Table, mode: str) -> int:
    """Return how many searches failed for both. One that failed for only one would count against it."""
    errors = list(zip(champion["error"].to_pylist(), challenger["error"].to_pylist(), strict=True))
    for number, whose in enumerate(("champion", "challenger")):
        alone = [both[number] for both in errors if both[number] is not None and both[1 - number] is None]
        if alone:
            raise ValueError(
                f"{len(alone)} searches failed for the {whose} only in {mode} search, which says nothing about its "
                f"quality (the first: {alone[0]}). Evaluate it again."
            )
    return sum(one is not None for one, _ in errors)


def _keyword_notes(champion_rows: pa.Table, challenger_rows: pa.Table) -> list[str]:
    """Return a note if keyword search, which uses no encoder, answers the two differently."""
    keyword = (pc.field("level") == Level.DOCUMENT) & (pc.field("mode") == Mode.KEYWORD)
    found, others = (
        {row["question_id"]: row["ndcg_at_10"] for row in rows.filter(keyword).to_pylist()}
        for rows in (champion_rows, challenger_rows)
    )
    differ = sum(found[name] != others[name] for name in found.keys() & others.keys())
    if not differ:
        return []
    words = f"Keyword search, which uses no encoder, answers {differ} of {len(found)} questions differently: "
    return [words + "the two tables may not contain the same documents."]
