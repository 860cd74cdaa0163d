"""The stages of the pipeline, each from what the one before stored to a table of its own; no Dagster in here."""

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
from xnai_pipelines.stages.evaluation import EvaluationOutcome, NothingToEvaluateError, evaluate_retrieval
from xnai_pipelines.stages.maintenance import MaintenanceReport, maintain
from xnai_pipelines.stages.progress import Progress
from xnai_pipelines.stages.questions import QuestionsReport, make_questions

__all__ = [
    "ChunksReport",
    "DocumentsReport",
    "DocumentsRequest",
    "EmbeddingsReport",
    "EncoderChangedError",
    "EvaluationOutcome",
    "FolderRules",
    "IngestRefusedError",
    "MaintenanceReport",
    "NothingToEvaluateError",
    "Plan",
    "Progress",
    "QuestionsReport",
    "StageContext",
    "embed_chunks",
    "evaluate_retrieval",
    "expected_seconds",
    "ingest_documents",
    "maintain",
    "make_chunks",
    "make_questions",
    "plan",
    "refusal",
]
