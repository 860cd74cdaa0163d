"""Evaluations, quantized models and precision cards, tracked in MLflow."""

from xnai_pipelines.tracking.connection import TrackingUnavailableError
from xnai_pipelines.tracking.models import ModelVersion
from xnai_pipelines.tracking.runs import MlflowRun
from xnai_pipelines.tracking.tracker import Tracker

__all__ = ["MlflowRun", "ModelVersion", "Tracker", "TrackingUnavailableError"]
