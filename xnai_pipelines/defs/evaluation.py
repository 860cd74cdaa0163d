"""Evaluation: questions with known answers, and how often search finds them."""

import datetime

import dagster as dg
from pydantic import Field

from xnai_pipelines.answers.ask import ANSWERS_VERSION
from xnai_pipelines.answers.language_model.answerer import LanguageModelAnswerer
from xnai_pipelines.answers.language_model.evaluation import model_markdown
from xnai_pipelines.answers.language_model.make import ModelToMeasure, evaluate_language_model
from xnai_pipelines.answers.make import answers_markdown, evaluate_release_answers, last_answers
from xnai_pipelines.answers.plots import answers_plot
from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.metadata import (
    column_schema,
    counts_table,
    image,
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
from xnai_pipelines.extras import missing
from xnai_pipelines.models.cross_encoder import rerankers_to_try
from xnai_pipelines.questions.make import make_questions
from xnai_pipelines.questions.question import Origin
from xnai_pipelines.releases.decision import model_events
from xnai_pipelines.releases.logged import mirror_releases
from xnai_pipelines.search.query import Mode
from xnai_pipelines.settings import Settings
from xnai_pipelines.settings.language_model import language_model
from xnai_pipelines.state.drawn import drawn
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, QUESTIONS


class EvaluationConfig(dg.Config):
    """Options of this run."""

    force: bool = Field(
        default=False, description="Measure again although index and questions are as they were measured."
    )


def questions(
    context: dg.AssetExecutionContext, stores: StoresResource, source: SourceResource
) -> dg.MaterializeResult[None]:
    """Questions with the documents that answer them, split by document.

    The labelled ones that XNAI_QUESTIONS names; without labels, known-item questions generated from the documents.
    """
    labelled = source.inputs().questions
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
    """How much the vectors count in hybrid search, and whether the graph and a re-ranker earn their place.

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
        return dg.AssetCheckResult(passed=False, description="Nothing was evaluated yet.")
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

    Logged to MLflow with a row for each question. Labelled and generated questions have figures of their own.
    """
    stage, tracker = stores.stage_context(context), tracking.tracker()
    outcome = evaluate_retrieval(stage, tracker, model_events(stage.home), threads=encoder.threads, force=config.force)
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
        return dg.MaterializeResult(metadata={"figures": "not measured: there is no knowledge graph"})
    return result(
        found,
        found.grounds,
        {},
        figures=table(found.rows(), columns()),
        mlflow_run=tracking.link(found.mlflow_run),
    )


def answer_evaluation(
    context: dg.AssetExecutionContext,
    config: EvaluationConfig,
    stores: StoresResource,
    source: SourceResource,
    encoder: EncoderResource,
    tracking: TrackingResource,
) -> dg.MaterializeResult[None]:
    """How often answers cite the right document and refuse rightly, with 95 % intervals; and when to refuse.

    The refusal policy is chosen on train and validation questions, the figures are of the test questions. Known answers
    are read from `answers.jsonl` beside the questions.
    """
    outcome = evaluate_release_answers(
        stores.stage_context(context),
        tracking.tracker(),
        source.inputs().questions,
        threads=encoder.threads,
        force=config.force,
    )
    report = outcome.kept.report
    plot = None if missing("plots") else drawn(stores.layout, "answers", report, lambda: answers_plot(report))
    return result(
        outcome,
        outcome.kept.fingerprint,
        {"measured": "measured_in_this_run"},
        left_out=None,
        known_answers_left_out=len(outcome.left_out),
        first_left_out=list(outcome.left_out[:3]),
        summary=dg.MetadataValue.md(answers_markdown(report, outcome.kept.previous)),
        figures=image("figures", plot),
        release=report.release,
        answerer=report.answerer,
        questions=report.questions,
        with_known_answers=report.with_gold,
        refusal_threshold=report.policy.threshold,
        refusal_threshold_is=report.policy.basis,
        latency_ms_p50=report.p50_ms,
        latency_ms_p95=report.p95_ms,
        mlflow_run=tracking.link(outcome.kept.mlflow_run),
        **{f"figures/{name}": found.mean for name, found in report.figures.items()},
    )


def language_model_evaluation(
    context: dg.AssetExecutionContext,
    config: EvaluationConfig,
    base: Base,
    stores: StoresResource,
    source: SourceResource,
    encoder: EncoderResource,
    tracking: TrackingResource,
) -> dg.MaterializeResult[None]:
    """What the language model of XNAI_LLM_URL or XNAI_LLM_MODEL does on test questions, beside quotes on the same.

    Answers right, sentences verified and unsupported, refusals, citations, tokens and seconds, with paired 95 %
    intervals. Failures of the server are counted.
    """
    found = evaluate_language_model(
        stores.stage_context(context),
        tracking.tracker(),
        source.inputs().questions,
        _model_to_measure(base.settings),
        threads=encoder.threads,
        force=config.force,
    )
    if found is None:
        return dg.MaterializeResult(metadata={"figures": "not measured: no language model is set, or no test question"})
    report = found.kept.report
    return result(
        found,
        found.kept.fingerprint,
        {"measured": "measured_in_this_run"},
        summary=dg.MetadataValue.md(model_markdown(report)),
        release=report.release,
        model=report.model,
        questions=report.questions,
        requests=report.requests,
        failed=sum(report.failures.values()),
        mlflow_run=tracking.link(found.kept.mlflow_run),
        **{f"figures/{name}": one.model.mean for name, one in report.compared.items()},
        **{f"figures/{name}": one.mean for name, one in report.model_alone.items()},
    )


def _model_to_measure(settings: Settings) -> ModelToMeasure | None:
    model, keep = language_model(settings), settings.llm_keep_unsupported
    if model is None:
        return None
    return ModelToMeasure(
        model.name,
        (model.which, f"{settings.llm_seconds:g} s", "unsupported kept" if keep else "unsupported dropped"),
        lambda: LanguageModelAnswerer(model.load(), keep),
        settings.llm_questions,
    )


def quotes_are_exact(stores: StoresResource) -> dg.AssetCheckResult:
    """Every quote of the evaluated answers equals the stored document's text."""
    kept = last_answers(stores.layout)
    if kept is None:
        return dg.AssetCheckResult(passed=False, description="No answer was evaluated yet.")
    exact = kept.report.figures["quotes_exact"].mean
    return dg.AssetCheckResult(
        passed=exact == 1.0,
        description=None
        if exact == 1.0
        else f"{100 * (1 - exact):.3g} % of answers quote what no stored document says. Run `xnai run`, then evaluate "
        "again.",
        metadata={"exact": exact, "questions": kept.report.questions},
    )


def accuracy_floor(base: Base, stores: StoresResource) -> dg.AssetCheckResult:
    """The share of labelled test questions with a relevant document in the top 10 reaches XNAI_ACCURACY_FLOOR."""
    kept = last_evaluation(stores.layout)
    if kept is None:
        return dg.AssetCheckResult(passed=False, description="Nothing was evaluated yet.")
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
    """Return the questions, the ranking policy, the evaluations, and their checks."""
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
            base.asset(
                answer_evaluation,
                version=(ANSWERS_VERSION,),
                deps=["embeddings", "questions", "ranking_policy"],
                group="evaluation",
                kinds={"python", "mlflow", "lancedb"},
            ),
            base.asset(
                language_model_evaluation,
                version=(
                    ANSWERS_VERSION,
                    base.settings.llm_url,
                    base.settings.llm_model,
                    base.settings.llm_questions,
                ),
                deps=["answer_evaluation"],
                group="evaluation",
                kinds={"python", "mlflow"},
            ),
        ],
        asset_checks=[
            base.check(answers_exist, "questions", blocking=True),
            base.check(quotes_are_exact, "answer_evaluation"),
            base.check(accuracy_floor, "retrieval_evaluation"),
            base.check(hybrid_holds_up, "retrieval_evaluation"),
            base.check(encoder_knows_the_languages, "retrieval_evaluation"),
        ],
    )
