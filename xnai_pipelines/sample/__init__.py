"""Real documents that need no download, the standard library's own documentation, with labelled questions."""

from xnai_pipelines.sample.documents import SampleReport, write_sample
from xnai_pipelines.sample.questions import questions_path

__all__ = ["SampleReport", "questions_path", "write_sample"]
