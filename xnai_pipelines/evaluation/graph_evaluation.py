"""Measures the knowledge graph on the test questions once per state of questions, index and graph; logs it to MLflow."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from xnai_pipelines.errors import NothingToEvaluateError
from xnai_pipelines.evaluation.evaluate import question_set
from xnai_pipelines.evaluation.make import index_content
from xnai_pipelines.evaluation.multi_hop import METRICS, HopFigure, figures_by_hops
from xnai_pipelines.questions.make import read_questions, splits_given
from xnai_pipelines.questions.question import Origin, Question, Split
from xnai_pipelines.search.index import RANKING_VERSION, SearchIndex
from xnai_pipelines.search.query import Mode
from xnai_pipelines.state.context import StageContext, stage
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.records import read_record, write_record
from xnai_pipelines.state.tracker import Experiment, MlflowRun, RunContent, Tracker

GRAPH = "xnai/graph"
_HEADINGS = {"recall_at_5": "recall@5", "all_support_at_10": "all support@10", "ndcg_at_10": "nDCG@10"}


@dataclass(frozen=True, slots=True)
class GraphEvaluation:
    """The figures of the current release by mode and hops, and a hash of what they were measured on.

    Attributes:
        grounds: Hash of questions, index, graph and ranking policy.
        measured_at: When, in UTC.
        release: Number of the release.
        graph_weight: Weight that the ranking policy gives the graph.
        questions: Which questions, in words.
        figures: The figures.
        mlflow_run: Where they are logged, None if MLflow could not be reached yet.
    """

    grounds: str
    measured_at: str
    release: int
    graph_weight: float
    questions: str
    figures: tuple[HopFigure, ...]
    mlflow_run: MlflowRun | None = None

    def rows(self) -> list[list[str]]:
        """Return a row for each number of hops and mode: hops, questions, mode, and each metric with its gain."""
        cells: dict[tuple[str, int, str], list[str]] = {}
        for figure in self.figures:
            row = cells.setdefault((figure.hops, figure.questions, figure.mode), [])
            gain = figure.gain
            row += [f"{figure.value.mean:.3f}", f"[{gain.low:+.3f}, {gain.high:+.3f}]" if gain else ""]
        return [[hops, str(questions), mode, *row] for (hops, questions, mode), row in cells.items()]


def columns() -> list[str]:
    """Return the headings of `rows`."""
    return ["hops", "questions", "search", *(part for name in METRICS for part in (_HEADINGS[name], "gain [95 %]"))]


def evaluate_graph(context: StageContext, tracker: Tracker, *, threads: int, force: bool = False) -> GraphEvaluation:
    """Return the figures on the test questions; they are measured again only if something that they rest on changed.

    Raises:
        ReleaseError: Nothing is released yet.
        NothingToEvaluateError: There is no graph, or there are no questions.
        TrackingUnavailableError: MLflow cannot be reached; the figures are kept, and the next call logs them.
    """
    with stage(context, "graph_evaluation") as watch:
        index = SearchIndex.open(context.home.root, threads=threads)
        if Mode.GRAPH not in index.modes:
            raise NothingToEvaluateError("There is no knowledge graph to evaluate. `xnai run` builds it.")
        asked, which = _questions(context)
        of = [RANKING_VERSION, index_content(context, index.release), question_set(asked), asdict(index.policy)]
        grounds = hashlib.sha256(json.dumps(of).encode()).hexdigest()[:32]
        kept = last_graph_evaluation(context.home)
        if force or kept is None or kept.grounds != grounds:
            watch.items = len(asked)
            with context.progress.work("graph evaluation", len(asked), "questions") as advance:
                figures = figures_by_hops(index, context.home, asked, advance)
            kept = GraphEvaluation(
                grounds=grounds,
                measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
                release=index.release.release,
                graph_weight=index.policy.graph_weight,
                questions=which,
                figures=figures,
            )
            write_record(_path(context.home), kept)
        if kept.mlflow_run is None:
            kept = replace(kept, mlflow_run=_log(tracker, kept, context.run_id))
            write_record(_path(context.home), kept)
    return kept


def last_graph_evaluation(home: Home) -> GraphEvaluation | None:
    """Return the last evaluation, None before the first."""
    return read_record(_path(home), GraphEvaluation)


def _path(home: Home) -> Path:
    return home.state / "graph_evaluation.json"


def _questions(context: StageContext) -> tuple[list[Question], str]:
    """Return the questions that measure, and which they are: labelled ones of the test split if there are any."""
    found = read_questions(context.tables)
    labelled = [question for question in found if question.origin is Origin.LABELLED]
    test = [question for question in labelled if question.split is Split.TEST]
    for asked, which in ((test if splits_given(context.home) else labelled, "labelled"), (found, "generated")):
        if asked:
            return asked, f"{len(asked)} {which} questions" + (" of the test split" if asked is test else "")
    raise NothingToEvaluateError(
        "There are no questions to evaluate with. Set XNAI_QUESTIONS to a file of labelled questions."
    )


def _log(tracker: Tracker, evaluation: GraphEvaluation, run_id: str) -> MlflowRun:
    return Experiment(GRAPH, tracker).log(
        RunContent(
            title=f"{evaluation.measured_at} release {evaluation.release}",
            measured_at=datetime.fromisoformat(evaluation.measured_at),
            params={"questions": evaluation.questions, "graph_weight": evaluation.graph_weight},
            metrics={
                f"{figure.mode}.hops_{figure.hops.replace('+', '_or_more')}.{figure.metric}": figure.value.mean
                for figure in evaluation.figures
            },
            files={"graph_evaluation.json": json.dumps(asdict(evaluation), indent=2).encode()},
            tags={"release": str(evaluation.release), "dagster_run_id": run_id},
        )
    )
