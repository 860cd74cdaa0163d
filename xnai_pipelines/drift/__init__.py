"""What changed since a release, so that a fall in accuracy has a cause: documents, questions, index, model, labels."""

from xnai_pipelines.drift.canary import CanaryResult, canary_vectors
from xnai_pipelines.drift.concluding import drift_report
from xnai_pipelines.drift.faults import IndexCheck, LabelCheck
from xnai_pipelines.drift.files import DriftError, load_profile, save_profile
from xnai_pipelines.drift.markdown import report_markdown
from xnai_pipelines.drift.plots import drift_plot
from xnai_pipelines.drift.profile import Mix, Profile, TextProfile
from xnai_pipelines.drift.profiling import Block, Kind, text_profile
from xnai_pipelines.drift.report import Cause, DriftReport, DriftTest, Part

__all__ = [
    "Block",
    "CanaryResult",
    "Cause",
    "DriftError",
    "DriftReport",
    "DriftTest",
    "IndexCheck",
    "Kind",
    "LabelCheck",
    "Mix",
    "Part",
    "Profile",
    "TextProfile",
    "canary_vectors",
    "drift_plot",
    "drift_report",
    "load_profile",
    "report_markdown",
    "save_profile",
    "text_profile",
]
