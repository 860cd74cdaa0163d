"""The stages of the pipeline, each from what the one before stored to a table of its own; no Dagster in here."""

from xnai_pipelines.stages.adapter_evaluation import AdapterEvaluationOutcome, evaluate_challenger, read_comparison
from xnai_pipelines.stages.adapters import (
    AdaptedEncoderReport,
    AdapterOutcome,
    NoAdapterError,
    TrainingEstimate,
    adapt_encoder,
    adapter_faults,
    deleted_in_adapters,
    estimate_training,
    read_adapted_encoder,
    read_adapter_report,
    released_base,
    train_adapter,
)
from xnai_pipelines.stages.aliases import mirror_releases
from xnai_pipelines.stages.calibration import CalibrationError, CalibrationReport, calibration_overlap, draw_calibration
from xnai_pipelines.stages.challenger import index_challenger
from xnai_pipelines.stages.chunks import ChunksReport, make_chunks
from xnai_pipelines.stages.context import StageContext
from xnai_pipelines.stages.degradation import look_for_degradation
from xnai_pipelines.stages.documents import (
    DocumentsReport,
    DocumentsRequest,
    FolderRules,
    IngestRefusedError,
    Plan,
    expected_seconds,
    ingest_documents,
    plan,
    refusal,
)
from xnai_pipelines.stages.drift import DriftOutcome, last_drift_report, report_drift
from xnai_pipelines.stages.embeddings import EmbeddingsReport, EncoderChangedError, embed_chunks
from xnai_pipelines.stages.encoder_onnx import ExportReport, export_encoder
from xnai_pipelines.stages.evaluation import EvaluationOutcome, NothingToEvaluateError, evaluate_retrieval
from xnai_pipelines.stages.forgetting import ForgettingError, ForgettingReport, forget
from xnai_pipelines.stages.maintenance import MaintenanceReport, maintain
from xnai_pipelines.stages.precision_card import CardError, CardOutcome, choose_candidate, last_card, make_card
from xnai_pipelines.stages.progress import Progress
from xnai_pipelines.stages.promotion import (
    DecisionOutcome,
    ReleaseOutcome,
    decide_promotion,
    last_decision,
    release_challenger,
)
from xnai_pipelines.stages.quantized_models import (
    NextEncoder,
    QuantizedModelReport,
    VariantMissingError,
    asked_vector_space,
    model_reports,
    next_encoder,
    quantize_variant,
    read_model_report,
)
from xnai_pipelines.stages.questions import QuestionsReport, make_questions
from xnai_pipelines.stages.requantization import Requantization, why_requantize
from xnai_pipelines.stages.rollback import RollbackReport, roll_back
from xnai_pipelines.stages.timeline import model_events
from xnai_pipelines.stages.training_pairs import (
    NoTrainingPairsError,
    TrainingPairsReport,
    leaked_documents,
    make_training_pairs,
    read_training_pairs,
    read_training_pairs_report,
)

__all__ = [
    "AdaptedEncoderReport",
    "AdapterEvaluationOutcome",
    "AdapterOutcome",
    "CalibrationError",
    "CalibrationReport",
    "CardError",
    "CardOutcome",
    "ChunksReport",
    "DecisionOutcome",
    "DocumentsReport",
    "DocumentsRequest",
    "DriftOutcome",
    "EmbeddingsReport",
    "EncoderChangedError",
    "EvaluationOutcome",
    "ExportReport",
    "FolderRules",
    "ForgettingError",
    "ForgettingReport",
    "IngestRefusedError",
    "MaintenanceReport",
    "NextEncoder",
    "NoAdapterError",
    "NoTrainingPairsError",
    "NothingToEvaluateError",
    "Plan",
    "Progress",
    "QuantizedModelReport",
    "QuestionsReport",
    "ReleaseOutcome",
    "Requantization",
    "RollbackReport",
    "StageContext",
    "TrainingEstimate",
    "TrainingPairsReport",
    "VariantMissingError",
    "adapt_encoder",
    "adapter_faults",
    "asked_vector_space",
    "calibration_overlap",
    "choose_candidate",
    "decide_promotion",
    "deleted_in_adapters",
    "draw_calibration",
    "embed_chunks",
    "estimate_training",
    "evaluate_challenger",
    "evaluate_retrieval",
    "expected_seconds",
    "export_encoder",
    "forget",
    "index_challenger",
    "ingest_documents",
    "last_card",
    "last_decision",
    "last_drift_report",
    "leaked_documents",
    "look_for_degradation",
    "maintain",
    "make_card",
    "make_chunks",
    "make_questions",
    "make_training_pairs",
    "mirror_releases",
    "model_events",
    "model_reports",
    "next_encoder",
    "plan",
    "quantize_variant",
    "read_adapted_encoder",
    "read_adapter_report",
    "read_comparison",
    "read_model_report",
    "read_training_pairs",
    "read_training_pairs_report",
    "refusal",
    "release_challenger",
    "released_base",
    "report_drift",
    "roll_back",
    "train_adapter",
    "why_requantize",
]
