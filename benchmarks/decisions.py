"""How often the decision to retrain is wrong, over histories drawn from SciFact's questions with and without a drop.

python -m benchmarks.decisions --data DATA [--histories 500] [--pushed 100]
"""

import argparse
import json
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Self, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import binomtest

from benchmarks.pipeline import pipeline
from xnai_pipelines.autonomy.decisions.decide import decide
from xnai_pipelines.autonomy.decisions.logged_evaluation import MODES, LoggedEvaluation
from xnai_pipelines.autonomy.decisions.memory import Action, Memory
from xnai_pipelines.autonomy.decisions.thresholds import Thresholds
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.evaluation.metrics import best_first
from xnai_pipelines.questions.make import make_questions, read_questions
from xnai_pipelines.questions.question import Split
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.query import Mode

NIGHTS = 60
ASKED = 150  # questions a night
DROP = 0.05  # of the mean nDCG@10 in vector search over all questions
ABSENT = 0.05  # share of the other documents that are not there on a night: what comes and goes
DEPTH = 30  # documents of a ranking that are kept: the first 10 of those that are there are judged
NOT_FOUND = 100
START = datetime(2026, 1, 1, 2, tzinfo=UTC)
THRESHOLDS = Thresholds()

Flags: TypeAlias = NDArray[np.bool_]
Rows: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class History:
    """When a history's sensor first asked for retraining, from the drop on and before it; nights from 1."""

    drop: int | None
    retrained: int | None
    too_early: bool


class Rankings:
    """The documents that search found for each question, from which a night's figures follow.

    Documents that are absent leave the ranking; those below move up. In vector search that is what the search would
    find without them; in hybrid search ranks are fused before, so it is near to that.
    """

    def __init__(self, found: dict[str, list[list[int]]], grades: list[dict[int, int]]) -> None:
        padded = {mode: [(row + [-1] * DEPTH)[:DEPTH] for row in found[mode]] for mode in MODES}
        self.found = {mode: np.array(rows) for mode, rows in padded.items()}
        self.gains = {
            mode: np.array([[grade.get(name, 0) for name in row] for row, grade in zip(rows, grades, strict=True)])
            for mode, rows in padded.items()
        }
        discount = 1 / np.log2(np.arange(2, 12))
        best = [sorted(grade.values(), reverse=True)[:10] for grade in grades]
        self.ideal = np.array([np.dot(row, discount[: len(row)]) for row in best])
        self.documents = 1 + max(int(rows.max()) for rows in self.found.values())
        self.relevant = np.zeros(self.documents, dtype=np.bool_)
        self.relevant[[name for grade in grades for name in grade if name < self.documents]] = True

    @property
    def questions(self) -> int:
        """How many there are."""
        return len(self.ideal)

    def measure(self, absent: Flags, pushed: NDArray[np.int64]) -> dict[str, tuple[NDArray[np.float64], Flags]]:
        """Return nDCG@10 and success@10 by mode, float64 [questions] and bool [questions].

        Args:
            absent: Documents that no ranking holds, bool [documents].
            pushed: By how many ranks each question's right documents fall, int [questions].
        """
        values = {}
        gone = np.append(absent, True)  # -1 is no document
        for mode, found in self.found.items():
            there = ~gone[found]
            ranks = np.cumsum(there, axis=1) + pushed[:, None]
            counted = there & (ranks <= 10) & (self.gains[mode] > 0)
            gains = np.where(counted, self.gains[mode] / np.log2(np.maximum(ranks, 1) + 1), 0.0)
            values[mode] = (gains.sum(axis=1) / self.ideal, counted.any(axis=1))
        return values

    @classmethod
    def of_scifact(cls, data: Path, models: Path) -> Self:
        """Return what search finds for the 300 test questions in all 5,183 abstracts, with the default encoder."""
        scifact = data / "scifact"
        with pipeline(models, Runtime.INT8_DYNAMIC) as made:
            made.ingest(scifact / "documents", scifact / "questions")
            make_questions(made.context, scifact / "questions")
            asked = [question for question in read_questions(made.context.tables) if question.split is Split.TEST]
            index = SearchIndex.open(made.context.home.root, threads=1)
            numbers: dict[str, int] = {}

            def number(names: Iterable[str]) -> list[int]:
                return [numbers.setdefault(name, len(numbers)) for name in names]

            found = {
                mode: [
                    number(best_first(hit.document_id for hit in index.rank(question.question, 200, Mode(mode))))
                    for question in asked
                ]
                for mode in MODES
            }
            grades = [
                dict(zip(number(hit.document_id for hit in q.relevant), (hit.grade for hit in q.relevant), strict=True))
                for q in asked
            ]
        return cls(found, grades)


def history(rankings: Rankings, *, drop: bool, pushed: int, seed: int) -> History:
    """Return what the decision made of 60 nights; the first is the champion's at its release.

    Args:
        rankings: Of all questions.
        drop: Whether the mean nDCG@10 of all questions falls by 0.05 on a random night, from the second to the last but
            one, and stays there: random questions' right documents are `pushed` down by so many ranks (100: not found).
        pushed: Ranks.
        seed: Seed of all that is random.
    """
    random = np.random.default_rng([seed, 1, drop])
    first_bad = int(random.integers(2, NIGHTS)) if drop else None
    untouched = np.zeros(rankings.questions, dtype=np.int64)
    worse = _pushed(rankings, pushed, random) if drop else untouched
    chosen = random.choice(rankings.questions, ASKED, replace=False)
    nights: list[LoggedEvaluation] = []
    memory: str | None = None
    too_early = False
    for number in range(1, NIGHTS + 1):
        bad = first_bad is not None and number >= first_bad
        absent = (random.random(rankings.documents) < ABSENT) & ~rankings.relevant
        nights.append(_night(number, rankings.measure(absent, worse if bad else untouched), chosen))
        now = nights[-1].evaluated_at + timedelta(hours=1)
        decision = decide(
            evaluations=nights[-1:],
            baseline=nights[0],
            attempts=(),
            drift=None,
            memory=Memory.from_json(memory),
            thresholds=THRESHOLDS,
            now=now,
        )
        memory = decision.memory.to_json()
        if decision.action is Action.RETRAIN:
            if bad or not drop:
                return History(first_bad, number, too_early)
            too_early = True
    return History(first_bad, None, too_early)


def _pushed(rankings: Rankings, ranks: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Return by how many ranks each question's right documents fall, so that the mean falls by nearest to 0.05."""
    nothing = np.zeros(rankings.documents, dtype=np.bool_)
    before = rankings.measure(nothing, np.zeros(rankings.questions, dtype=np.int64))["vector"][0]
    after = rankings.measure(nothing, np.full(rankings.questions, ranks))["vector"][0]
    order = random.permutation(rankings.questions)
    falls = np.cumsum((before - after)[order]) / rankings.questions
    worse = np.zeros(rankings.questions, dtype=np.int64)
    worse[order[: int(np.abs(falls - DROP).argmin()) + 1]] = ranks
    return worse


def _night(number: int, values: dict[str, tuple[NDArray[np.float64], Flags]], chosen: Rows) -> LoggedEvaluation:
    n = len(chosen)
    ids = [str(question) for question in chosen]
    tables = [
        pa.table(
            {
                "question_id": ids,
                "origin": ["labelled"] * n,
                "split": ["test"] * n,
                "language": ["en"] * n,
                "folder": ["."] * n,
                "level": ["document"] * n,
                "mode": [mode] * n,
                "ndcg_at_10": ndcg[chosen],
                "success_at_10": found[chosen].astype(np.float64),
                "latency_ms": np.full(n, 5.0),
                "error": pa.nulls(n, pa.string()),
            }
        )
        for mode, (ndcg, found) in values.items()
    ]
    return LoggedEvaluation(f"night{number}", START + timedelta(days=number), 1, pa.concat_tables(tables))


def main() -> None:
    """Print a row of rates for each size of a drop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds scifact/")
    parser.add_argument("--models", type=Path, default=Path(".xnai/models"))
    parser.add_argument("--histories", type=int, default=500, help="half of them with a drop")
    parser.add_argument("--pushed", type=int, nargs="+", default=[NOT_FOUND], help="ranks that answers fall in a drop")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    rankings = Rankings.of_scifact(arguments.data, arguments.models)
    figures = rankings.measure(np.zeros(rankings.documents, np.bool_), np.zeros(rankings.questions, np.int64))
    for mode, (ndcg, found) in figures.items():
        print(json.dumps({"mode": mode, "ndcg_at_10": round(ndcg.mean(), 4), "success_at_10": round(found.mean(), 4)}))
    seeds = range(arguments.histories // 2)
    with ProcessPoolExecutor(arguments.processes) as pool:
        for pushed in arguments.pushed:
            started = time.perf_counter()
            run = partial(_history_of_seed, rankings, pushed)
            without, with_drop = (list(pool.map(partial(run, drop), seeds, chunksize=5)) for drop in (False, True))
            seconds = time.perf_counter() - started
            print(json.dumps(_figures(pushed, without, with_drop, seconds)), flush=True)


def _history_of_seed(rankings: Rankings, pushed: int, drop: bool, seed: int) -> History:
    return history(rankings, drop=drop, pushed=pushed, seed=seed)


def _figures(pushed: int, without: list[History], with_drop: list[History], seconds: float) -> dict[str, object]:
    found = [h.retrained - h.drop + 1 for h in with_drop if h.retrained is not None and h.drop is not None]
    return {
        "answers_fall_by_ranks": pushed,
        "false_alarms": _rate(sum(h.retrained is not None for h in without), len(without)),
        "misses": _rate(sum(h.retrained is None for h in with_drop), len(with_drop)),
        "alarms_before_the_drop": _rate(sum(h.too_early for h in with_drop), len(with_drop)),
        "evaluations_until_found": {"median": float(np.median(found)), "p90": float(np.percentile(found, 90))},
        "missed_drops_at_night": sorted(h.drop for h in with_drop if h.retrained is None and h.drop is not None),
        "seconds": round(seconds, 1),
    }


def _rate(number: int, of: int) -> list[float]:
    """Return a rate with its exact 95 % interval (Clopper and Pearson)."""
    interval = binomtest(number, of).proportion_ci()
    return [round(float(value), 4) for value in (number / of, interval.low, interval.high)]


if __name__ == "__main__":
    main()
