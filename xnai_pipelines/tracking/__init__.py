"""Evaluations tracked in MLflow."""

from xnai_pipelines.tracking.connection import TrackingUnavailableError
from xnai_pipelines.tracking.tracker import MlflowRun, Tracker

__all__ = ["MlflowRun", "Tracker", "TrackingUnavailableError"]
