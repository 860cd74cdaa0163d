"""Evaluation of answers: those that quote, and those of the language model that is set."""

import dagster as dg

from xnai_pipelines.answers.ask import ANSWERS_VERSION
from xnai_pipelines.answers.language_model.answerer import LanguageModelAnswerer
from xnai_pipelines.answers.language_model.evaluation import model_markdown
from xnai_pipelines.answers.language_model.make import ModelToMeasure, evaluate_language_model
from xnai_pipelines.answers.make import answers_markdown, evaluate_release_answers, last_answers
from xnai_pipelines.answers.plots import answers_plot
from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.evaluation import EvaluationConfig
from xnai_pipelines.defs.metadata import image, not_measured, result
from xnai_pipelines.defs.resources import EncoderResource, SourceResource, StoresResource, TrackingResource
from xnai_pipelines.extras import missing
from xnai_pipelines.questions.make import why_untested
from xnai_pipelines.settings import Settings
from xnai_pipelines.settings.language_model import language_model
from xnai_pipelines.state.drawn import drawn


def answer_evaluation(
    context: dg.AssetExecutionContext,
    config: EvaluationConfig,
    stores: StoresResource,
    source: SourceResource,
    encoder: EncoderResource,
    tracking: TrackingResource,
) -> dg.MaterializeResult[None]:
    """How often answers cite the right document and refusals are right, with 95 % intervals; when to refuse.

    The refusal policy is chosen on train and validation questions, the figures are of the test questions. Known answers
    are read from `answers.jsonl` beside the questions.
    """
    outcome = evaluate_release_answers(
        stores.stage_context(context),
        tracking.tracker(),
        source.intake().inputs().questions,
        threads=encoder.threads,
        force=config.force,
    )
    if outcome is None:
        return not_measured(why_untested(stores.layout, stores.tables))
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
    """Answers of the language model, XNAI_LLM_URL or XNAI_LLM_MODEL, to test questions, compared with quotes.

    Answers right, sentences verified and unsupported, refusals, citations, tokens and seconds, with paired 95 %
    intervals. Failures of the server are counted.
    """
    found = evaluate_language_model(
        stores.stage_context(context),
        tracking.tracker(),
        source.intake().inputs().questions,
        _model_to_measure(base.settings),
        threads=encoder.threads,
        force=config.force,
    )
    if found is None:
        return not_measured("No language model is set, or there is no test question.")
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
        return dg.AssetCheckResult(passed=True, description="No answer was evaluated.")
    exact = kept.report.figures["quotes_exact"].mean
    return dg.AssetCheckResult(
        passed=exact == 1.0,
        description=None
        if exact == 1.0
        else f"{100 * (1 - exact):.3g} % of answers quote what no stored document says. Run `xnai run`, then evaluate "
        "again.",
        metadata={"exact": exact, "questions": kept.report.questions},
    )


def definitions(base: Base) -> dg.Definitions:
    """Return the evaluations of answers and their check."""
    return dg.Definitions(
        assets=[
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
        asset_checks=[base.check(quotes_are_exact, "answer_evaluation")],
    )
