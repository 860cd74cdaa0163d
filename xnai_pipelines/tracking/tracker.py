"""What the stages log to MLflow and ask of it."""

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa

from xnai_pipelines.evaluation import EvaluationReport, PastEvaluation
from xnai_pipelines.tracking import cards, evaluations, models
from xnai_pipelines.tracking.runs import Experiment, MlflowRun


class Tracker:
    """Writes to and reads from MLflow: evaluations, quantized models and precision cards.

    Every method raises `TrackingUnavailableError` where MLflow cannot be reached or written.
    """

    def __init__(self, tracking_uri: str, artifact_root: str | None, timeout_seconds: float = 5.0) -> None:
        """Nothing is opened yet.

        Args:
            tracking_uri: `sqlite:////absolute/path/mlflow.db` or a server's address.
            artifact_root: URI of the folder for artifacts; None where a server has its own.
            timeout_seconds: Time to wait for a locked database or a server's answer.
        """
        self._retrieval, self._quantization = (
            Experiment(
                name=name, tracking_uri=tracking_uri, artifact_root=artifact_root, timeout_seconds=timeout_seconds
            )
            for name in (evaluations.RETRIEVAL, models.QUANTIZATION)
        )

    def log_evaluation(
        self,
        report: EvaluationReport,
        per_question: pa.Table,
        plots: Mapping[str, bytes],
        tags: Mapping[str, str],
    ) -> MlflowRun:
        """Log an evaluation to `xnai/retrieval` and return its run.

        The run has the metrics of `tracked_metrics`, the settings as parameters, and as artifacts
        `report.json`, `per_question.parquet`, `worst_questions.md` and the plots. A run that fails half way
        is marked FAILED.

        Args:
            report: What was found.
            per_question: The table beside the report.
            plots: PNG bytes by file name without ending.
            tags: `vector_space`, `dagster_run_id` and `release`; `fingerprint`, `question_set` and
                `evaluated_at` are added.
        """
        return evaluations.log_evaluation(self._retrieval, report, per_question, plots, tags)

    def past_evaluations(self, limit: int) -> list[PastEvaluation]:
        """Return at most `limit` finished evaluations, the newest first."""
        return evaluations.past_evaluations(self._retrieval, limit)

    def find_evaluation(self, report: EvaluationReport) -> MlflowRun | None:
        """Return the finished run that logged this report, None where it was not logged."""
        return evaluations.find_evaluation(self._retrieval, report)

    def log_model(
        self,
        *,
        vector_space: str,
        variant: str,
        base_sha256: str,
        shipped_bytes: int,
        params: Mapping[str, object],
        metrics: Mapping[str, float],
        card: bytes,
        tags: Mapping[str, str],
    ) -> models.ModelVersion:
        """Log a model to `xnai/quantization`, register it as a version of `xnai-encoder` and return the version.

        A vector space that is registered already is returned as it is, and one that was logged by a process
        killed before it registered is registered with that run. The version's source is the run's artifacts,
        the card: the model stays in the folder of its vector space.

        Args:
            vector_space: What the model is known by.
            variant: What people call it.
            base_sha256: Of the weights it was made from.
            shipped_bytes: All that is copied to use it; the metric `bytes` and a tag of the version.
            params: Scheme, serving, base and calibration; `variant` and `base_sha256` are added.
            metrics: Ratio, bits per weight, cosine, seconds.
            card: The artefact's `card.json`.
            tags: `dagster_run_id` and `release` (the current one's number or ""); `kind`, `vector_space` and
                `variant` are added.
        """
        model = models.Identity(
            vector_space=vector_space, variant=variant, base_sha256=base_sha256, shipped_bytes=shipped_bytes
        )
        return models.log_model(self._quantization, model, params, metrics, card, tags)

    def log_card(
        self,
        *,
        fingerprint: str,
        measured_at: datetime,
        params: Mapping[str, object],
        metrics: Mapping[str, float],
        files: Mapping[str, bytes],
        tags: Mapping[str, str],
    ) -> MlflowRun:
        """Log a precision card to `xnai/quantization` and return its run.

        Args:
            fingerprint: Of all that the card was measured on.
            measured_at: When, with time zone.
            params: What it was measured on and with.
            metrics: Figures of the variants by `variant.figure`, such as `int4_gptq.ndcg_loss`.
            files: Artifacts, bytes by file name: `card.json`, `card.md`, `pareto.png`.
            tags: `vector_space`, `dagster_run_id` and `release`; `kind`, `fingerprint` and `measured_at` are added.
        """
        return cards.log_card(self._quantization, fingerprint, measured_at, params, metrics, files, tags)

    def find_card(self, fingerprint: str, measured_at: datetime) -> MlflowRun | None:
        """Return the finished run that logged this card, None where it was not logged."""
        return cards.find_card(self._quantization, fingerprint, measured_at)
