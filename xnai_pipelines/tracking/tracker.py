"""What the stages log to MLflow and ask of it."""

from xnai_pipelines.tracking.adapters import AdapterTracking
from xnai_pipelines.tracking.aliases import AliasTracking
from xnai_pipelines.tracking.cards import CardTracking
from xnai_pipelines.tracking.evaluations import EvaluationTracking


class Tracker(EvaluationTracking, AliasTracking, CardTracking, AdapterTracking):
    """Writes to and reads from MLflow: evaluations, models and their aliases, precision cards and adapters.

    Nothing is opened before it is used, and every method raises `TrackingUnavailableError` where MLflow cannot be
    reached or written.
    """
