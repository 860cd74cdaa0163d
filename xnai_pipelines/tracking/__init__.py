"""Evaluations, models and their aliases, precision cards and adapters, tracked in MLflow."""

from xnai_pipelines.tracking.aliases import Alias
from xnai_pipelines.tracking.connection import TrackingUnavailableError
from xnai_pipelines.tracking.models import ModelVersion
from xnai_pipelines.tracking.runs import MlflowRun, NotTrackedError
from xnai_pipelines.tracking.tracker import Tracker

__all__ = ["Alias", "MlflowRun", "ModelVersion", "NotTrackedError", "Tracker", "TrackingUnavailableError"]
