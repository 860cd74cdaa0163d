"""Evaluation: questions with known answers, and how often search finds them."""

import datetime

import dagster as dg
from pydantic import Field

from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.metadata import (
    column_schema,
    counts_table,
    image,
    not_measured,
    result,
    rows_revision,
    table,
    table_facts,
)
from xnai_pipelines.defs.resources import EncoderResource, SourceResource, StoresResource, TrackingResource
from xnai_pipelines.evaluation.graph_evaluation import columns, evaluate_graph
from xnai_pipelines.evaluation.languages import advice, language_figures, languages_table
from xnai_pipelines.evaluation.make import evaluate_retrieval, last_evaluation, last_rows
from xnai_pipelines.evaluation.markdown import summary_markdown, worst_questions_markdown
from xnai_pipelines.evaluation.parts import hybrid_losses
from xnai_pipelines.evaluation.policy import PolicyOptions, make_policy
from xnai_pipelines.evaluation.report import tracked_metrics
from xnai_pipelines.models.cross_encoder import rerankers_to_try
from xnai_pipelines.questions.make import make_questions, why_untested
from xnai_pipelines.questions.question import Origin
from xnai_pipelines.releases.decision import model_events
from xnai_pipelines.releases.logged import mirror_releases
from xnai_pipelines.search.query import Mode
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, QUESTIONS


class EvaluationConfig(dg.Config):
    """Options of this run."""

    force: bool = Field(default=False, description="Measure again even if index and questions are unchanged.")


def questions(
    context: dg.AssetExecutionContext, stores: StoresResource, source: SourceResource
) -> dg.MaterializeResult[None]:
    """Questions with the documents that answer them, split by document.

    The labelled ones that XNAI_QUESTIONS names; without labels, known-item questions generated from the documents.
    """
    labelled = source.intake().inputs().questions
    report = make_questions(stores.stage_context(context), labelled)
    return result(
        report,
        rows_revision(stores.tables, QUESTIONS, QUESTIONS.schema.names),
        {
            "unresolved_rows": "unresolved_labels",
            "without_answer": "without_known_answer",
            "overlapping_questions": "questions_in_two_splits",
            "overlapping_documents": "documents_in_two_splits",
        },
        **table_facts(stores.tables, QUESTIONS, ["question", "origin", "split"]),
        labels=str(labelled) if labelled else "none; generated from the documents",
        by_origin=None,
        origin=counts_table(report.by_origin, "origin"),
        by_split=None,
        split=counts_table(report.by_split, "split"),
        splits_given=None,
        splits="as given" if report.splits_given else "by document",
    )


def answers_exist(stores: StoresResource) -> dg.AssetCheckResult:
    """Every document and chunk that answers a question is stored."""
    documents = stores.tables.ids(DOCUMENTS)
    chunks = stores.tables.ids(CHUNKS)
    rows = stores.tables.read(QUESTIONS, ["question", "relevant"]).to_pylist()
    lost = [
        row["question"]
        for row in rows
        for relevant in row["relevant"]
        if relevant["document_id"] not in documents
        or (relevant["chunk_id"] is not None and relevant["chunk_id"] not in chunks)
    ]
    return dg.AssetCheckResult(passed=not lost, metadata={"questions": len(rows), "lost_answers": lost[:20]})


def ranking_policy(
    context: dg.AssetExecutionContext, base: Base, stores: StoresResource, encoder: EncoderResource
) -> dg.MaterializeResult[None]:
    """The vectors' weight in hybrid search, and whether it uses the graph and a re-ranker.

    Chosen on the labelled train and validation questions.

    Written into the release's manifest; a change needs no new vectors.
    """
    settings = base.settings
    rerankers = rerankers_to_try(settings.reranker, stores.layout.rerankers) if settings.max_rerank_ms else ()
    options = PolicyOptions(settings.vector_weight, settings.correct_typos, rerankers, settings.max_rerank_ms)
    report = make_policy(stores.stage_context(context), options, threads=encoder.threads)
    gain, graph = report.gain, report.graph
    return result(
        report,
        f"{report.policy}",
        {},
        policy=None,
        vector_weight=report.policy.vector_weight,
        by_weight=table(
            [{"vector weight": f"{w:.2f}", "nDCG@10": f"{mean:.3f}"} for w, mean in report.by_weight.items()],
            ["vector weight", "nDCG@10"],
        ),
        gain=f"nDCG@10 {gain:+.3f} over the default" if gain else "not measured",
        languages=", ".join(f"{name or 'none'} {known:.0%}" for name, known in report.policy.languages.items())
        or "not measured",
        graph_weight=report.policy.graph_weight,
        graph=f"nDCG@10 {graph.gain:+.3f} with weight {graph.weight:g}" if graph else "not tried",
        reranker=report.policy.reranker or "none",
        rerankers=table(
            [
                {
                    "re-ranker": trial.name,
                    "gain in nDCG@10": f"{trial.gain:+.3f}",
                    "p50 ms": f"{trial.p50_ms:.1f}",
                    "p95 ms": f"{trial.p95_ms:.1f}",
                    "used": trial.refusal(settings.max_rerank_ms) or "yes",
                }
                for trial in report.rerankers
            ],
            ["re-ranker", "gain in nDCG@10", "p50 ms", "p95 ms", "used"],
        ),
    )


def hybrid_holds_up(stores: StoresResource) -> dg.AssetCheckResult:
    """Hybrid search is not worse than the better of vector and keyword search, beyond chance, in any large slice."""
    kept = last_evaluation(stores.layout)
    rows = last_rows(stores.layout)
    if kept is None or rows is None:
        return dg.AssetCheckResult(passed=True, description="Search was not evaluated.")
    lost = hybrid_losses(rows, kept.report.headline)
    return dg.AssetCheckResult(
        passed=not lost,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"Hybrid search is worse than one of its parts. {'; '.join(loss.sentence for loss in lost)}. "
        "`xnai search --mode vector` and `--mode keyword` ask each part alone."
        if lost
        else None,
        metadata={"slices_lost": [loss.sentence for loss in lost]},
    )


def encoder_knows_the_languages(stores: StoresResource) -> dg.AssetCheckResult:
    """The encoder knows the writing of each language with 20 chunks or more, and finds there what keywords find."""
    release = Releases(stores.layout.releases).require()
    figures = language_figures(stores.tables, stores.layout, release)
    found = advice(figures, release.encoder)
    rows = languages_table(figures)
    return dg.AssetCheckResult(
        passed=found is None,
        severity=dg.AssetCheckSeverity.WARN,
        description=found,
        metadata={
            "languages": table(rows, list(rows[0])) if rows else "none of 20 chunks",
            "unknown": [one.language for one in figures if not one.known],
            "encoder": release.encoder,
        },
    )


def retrieval_evaluation(
    context: dg.AssetExecutionContext,
    config: EvaluationConfig,
    stores: StoresResource,
    encoder: EncoderResource,
    tracking: TrackingResource,
) -> dg.MaterializeResult[None]:
    """How often search finds the relevant documents, by mode, with 95 % intervals.

    Logged to MLflow with a row per question. Labelled and generated questions are scored separately.
    """
    stage, tracker = stores.stage_context(context), tracking.tracker()
    outcome = evaluate_retrieval(stage, tracker, model_events(stage.home), threads=encoder.threads, force=config.force)
    if outcome is None:
        return not_measured(why_untested(stores.layout, stores.tables))
    if outcome.measured:
        mirror_releases(stage, tracker)
    kept, metrics = outcome.kept, tracked_metrics(outcome.report)
    return result(
        outcome,
        kept.fingerprint,
        {"measured": "measured_in_this_run"},
        summary=dg.MetadataValue.md(summary_markdown(outcome.report)),
        **({name: image(name, png) for name, png in outcome.plots.items()} or {"modes": image("modes", None)}),
        worst_questions=dg.MetadataValue.md(worst_questions_markdown(outcome.report)),
        questions=outcome.report.headline.statement,
        release=kept.release,
        vector_space=kept.vector_space,
        mlflow_run=tracking.link(kept.mlflow_run),
        **{f"figures/{name}": value for name, value in metrics.items() if not name.endswith(("_low", "_high"))},
    )


def graph_evaluation(
    context: dg.AssetExecutionContext, stores: StoresResource, encoder: EncoderResource, tracking: TrackingResource
) -> dg.MaterializeResult[None]:
    """What the knowledge graph gains in search, by the number of documents that a question needs.

    From the evaluation of retrieval: recall@5, nDCG@10, and how often all documents of a question are in the top 10.
    """
    found = evaluate_graph(stores.stage_context(context), tracking.tracker(), threads=encoder.threads)
    if found is None:
        return not_measured("There are no questions, or there is no knowledge graph.")
    return result(
        found,
        found.grounds,
        {},
        figures=table(found.rows(), columns()),
        mlflow_run=tracking.link(found.mlflow_run),
    )


def accuracy_floor(base: Base, stores: StoresResource) -> dg.AssetCheckResult:
    """The share of labelled test questions with a relevant document in the top 10 reaches XNAI_ACCURACY_FLOOR."""
    kept = last_evaluation(stores.layout)
    if kept is None:
        return dg.AssetCheckResult(
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"Accuracy was not measured. {why_untested(stores.layout, stores.tables)}",
        )
    sections = [
        section
        for headline in kept.report.headlines
        for section in kept.report.sections_of(headline)
        if section.origin is Origin.LABELLED and section.mode == Mode.HYBRID
    ]
    floor = base.settings.accuracy_floor
    if not sections:
        return dg.AssetCheckResult(passed=True, description="There are no labelled questions to judge by.")
    share = sections[0].metrics["success_at_10"].mean
    return dg.AssetCheckResult(
        passed=share >= floor,
        severity=dg.AssetCheckSeverity.WARN,
        description=None
        if share >= floor
        else f"Search finds a relevant document in its top 10 for {100 * share:.3g} % of {sections[0].questions} "
        f"labelled questions, below the {100 * floor:.3g} % of XNAI_ACCURACY_FLOOR. The asset retrieval_evaluation "
        "lists the worst questions.",
        metadata={"share": round(share, 4), "floor": floor, "questions": sections[0].questions},
    )


def definitions(base: Base) -> dg.Definitions:
    """Return the questions, the ranking policy, the evaluations of retrieval, and their checks."""
    return dg.Definitions(
        assets=[
            base.asset(
                questions,
                version=(1,),
                deps=["chunks"],
                group="evaluation",
                kinds={"python", "lancedb", "table"},
                pool=base.pool,
                metadata={"dagster/column_schema": column_schema(QUESTIONS)},
            ),
            base.asset(
                ranking_policy,
                version=(
                    1,
                    base.settings.vector_weight,
                    base.settings.correct_typos,
                    str(base.settings.reranker),
                    base.settings.max_rerank_ms,
                ),
                deps=["embeddings", "questions", "entities"],
                group="evaluation",
                kinds={"python", "json"},
                pool=base.pool,
            ),
            base.asset(
                retrieval_evaluation,
                version=(1,),
                deps=["embeddings", "questions", "ranking_policy"],
                group="evaluation",
                kinds={"python", "mlflow", "lancedb"},
                # nightly; 36 hours leave room for one late run
                freshness_policy=dg.FreshnessPolicy.time_window(fail_window=datetime.timedelta(hours=36)),
            ),
            base.asset(
                graph_evaluation,
                version=(1,),
                deps=["retrieval_evaluation"],
                group="evaluation",
                kinds={"python", "mlflow"},
            ),
        ],
        asset_checks=[
            base.check(answers_exist, "questions", blocking=True),
            base.check(accuracy_floor, "retrieval_evaluation"),
            base.check(hybrid_holds_up, "retrieval_evaluation"),
            base.check(encoder_knows_the_languages, "retrieval_evaluation"),
        ],
    )
