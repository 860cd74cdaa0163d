"""What the knowledge graph gains, from the last evaluation of retrieval; hybrid search without it is measured here."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from xnai_pipelines.evaluation.asking import ask
from xnai_pipelines.evaluation.evaluate import CHUNKS_PER_SEARCH
from xnai_pipelines.evaluation.make import last_evaluation, last_rows
from xnai_pipelines.evaluation.multi_hop import METRICS, ROUTED, HopFigure, by_mode, figures_by_hops
from xnai_pipelines.evaluation.per_question import per_question_table
from xnai_pipelines.evaluation.report import Headline
from xnai_pipelines.questions.make import read_questions
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.policy import RankingPolicy
from xnai_pipelines.search.query import Mode
from xnai_pipelines.state.context import StageContext, stage
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.measured import content_hash, logged_once, measured_once
from xnai_pipelines.state.schemas import DOCUMENTS
from xnai_pipelines.state.tables import Tables
from xnai_pipelines.state.tracker import Experiment, MlflowRun, RunContent, Tracker

GRAPH = "xnai/graph"
_HEADINGS = {"recall_at_5": "recall@5", "all_support_at_10": "all support@10", "ndcg_at_10": "nDCG@10"}


@dataclass(frozen=True, slots=True)
class GraphEvaluation:
    """The figures of a release by mode and hops.

    Attributes:
        grounds: Hash of the evaluation of retrieval that they are of.
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

    @property
    def fingerprint(self) -> str:
        """The grounds."""
        return self.grounds

    def rows(self) -> list[dict[str, str]]:
        """Return a row for each number of hops and mode: hops, questions, mode, and each metric with its gain."""
        rows: dict[tuple[str, str], dict[str, str]] = {}
        for figure in self.figures:
            start = {"hops": figure.hops, "questions": str(figure.questions), "search": figure.mode}
            row = rows.setdefault((figure.hops, figure.mode), start)
            name, gain = _HEADINGS[figure.metric], figure.gain
            row[name] = f"{figure.value.mean:.3f}"
            row[f"{name} gain"] = f"{gain:+.3f}" if gain else ""
        return list(rows.values())


def columns() -> list[str]:
    """Return the headings of `GraphEvaluation.rows`."""
    names = [_HEADINGS[metric] for metric in METRICS]
    return ["hops", "questions", "search", *(part for name in names for part in (name, f"{name} gain"))]


def evaluate_graph(context: StageContext, tracker: Tracker, *, threads: int) -> GraphEvaluation | None:
    """Return the figures of the questions that the last evaluation of retrieval reports first.

    Measures nothing if that evaluation has not changed, and searches only if the ranking policy gives the graph a
    weight: then hybrid search without it is measured too. Without an evaluation or a graph the result is None.

    Raises:
        TrackingUnavailableError: MLflow cannot be reached; the figures are kept, and the next call logs them.
    """
    with stage(context, "graph_evaluation") as watch:
        evaluated, rows = last_evaluation(context.home), last_rows(context.home)
        if evaluated is None or rows is None or Mode.GRAPH not in evaluated.report.modes:
            return None
        grounds = content_hash(evaluated.fingerprint, str(evaluated.report.evaluated_at))

        def measure(_: GraphEvaluation | None) -> GraphEvaluation:
            asked = by_mode(rows, evaluated.report.headline)
            watch.items = len(asked[Mode.HYBRID])
            weight = RankingPolicy.of(Releases(context.home.releases).require()).graph_weight
            routed = asked[Mode.HYBRID]
            if weight:
                index = SearchIndex.open(context.home.root, threads=threads)
                asked[Mode.HYBRID] = _without_graph(context, index, evaluated.report.headline, routed)
            asked[ROUTED] = routed
            return GraphEvaluation(
                grounds=grounds,
                measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
                release=evaluated.release,
                graph_weight=weight,
                questions=evaluated.report.headline.statement,
                figures=figures_by_hops(asked, _contents(context.tables, routed)),
            )

        path = _path(context.home)
        kept, _ = measured_once(path, grounds, measure, GraphEvaluation)
        return logged_once(path, kept, lambda: _log(tracker, kept, context.run_id))


def _path(home: Home) -> Path:
    return home.state / "graph_evaluation.json"


def _contents(tables: Tables, asked: pa.Table) -> dict[str, str]:
    """Return hashes of the texts of documents that questions need together."""
    wanted = {one for sources in asked["relevant_sources"].to_pylist() if len(sources) > 1 for one in sources}
    rows = tables.having(DOCUMENTS, ["source", "text"], "source", sorted(wanted)).to_pylist()
    return {row["source"]: content_hash(row["text"]) for row in rows}


def _without_graph(context: StageContext, index: SearchIndex, headline: Headline, asked: pa.Table) -> pa.Table:
    """Return the rows of the same questions by hybrid search without the graph."""
    plain = index.ranked_by(replace(index.policy, graph_weight=0.0), context.home)
    wanted = set(asked["question_id"].to_pylist())
    questions = [one for one in read_questions(context.tables) if one.question_id in wanted]
    with context.progress.work("graph evaluation", len(questions), "questions") as advance:
        answers = ask(
            questions,
            [str(Mode.HYBRID)],
            lambda question, mode, k: [
                (one.chunk_id, one.document_id, one.score) for one in plain.rank(question, k, Mode(mode))
            ],
            depth=CHUNKS_PER_SEARCH,
            progress=lambda done, total: advance(),
        )
    return by_mode(per_question_table(answers, {}), headline)[Mode.HYBRID]


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
            known_by={"fingerprint": evaluation.grounds, "measured_at": evaluation.measured_at},
            tags={"release": str(evaluation.release), "dagster_run_id": run_id},
        )
    )
