"""The stages of the pipeline, each from what the one before stored to a table of its own; no Dagster in here."""

from xnai_pipelines.stages.calibration import CalibrationError, CalibrationReport, calibration_overlap, draw_calibration
from xnai_pipelines.stages.chunks import ChunksReport, make_chunks
from xnai_pipelines.stages.context import StageContext
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
from xnai_pipelines.stages.embeddings import EmbeddingsReport, EncoderChangedError, embed_chunks
from xnai_pipelines.stages.encoder_onnx import ExportReport, export_encoder
from xnai_pipelines.stages.evaluation import EvaluationOutcome, NothingToEvaluateError, evaluate_retrieval
from xnai_pipelines.stages.maintenance import MaintenanceReport, maintain
from xnai_pipelines.stages.precision_card import CardError, CardOutcome, choose_candidate, last_card, make_card
from xnai_pipelines.stages.progress import Progress
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

__all__ = [
    "CalibrationError",
    "CalibrationReport",
    "CardError",
    "CardOutcome",
    "ChunksReport",
    "DocumentsReport",
    "DocumentsRequest",
    "EmbeddingsReport",
    "EncoderChangedError",
    "EvaluationOutcome",
    "ExportReport",
    "FolderRules",
    "IngestRefusedError",
    "MaintenanceReport",
    "NextEncoder",
    "NothingToEvaluateError",
    "Plan",
    "Progress",
    "QuantizedModelReport",
    "QuestionsReport",
    "Requantization",
    "StageContext",
    "VariantMissingError",
    "asked_vector_space",
    "calibration_overlap",
    "choose_candidate",
    "draw_calibration",
    "embed_chunks",
    "evaluate_retrieval",
    "expected_seconds",
    "export_encoder",
    "ingest_documents",
    "last_card",
    "maintain",
    "make_card",
    "make_chunks",
    "make_questions",
    "model_reports",
    "next_encoder",
    "plan",
    "quantize_variant",
    "read_model_report",
    "refusal",
    "why_requantize",
]
