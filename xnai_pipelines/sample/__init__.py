"""Real documents that need no download, the standard library's own documentation, with labelled questions.

Beside them, written for this project: paragraphs in Russian on the same modules, which shift what is searched.
"""

from xnai_pipelines.sample.documents import SampleReport, write_sample
from xnai_pipelines.sample.questions import questions_path
from xnai_pipelines.sample.shift import ShiftReport, shift_modules, write_shift, write_shift_questions

__all__ = [
    "SampleReport",
    "ShiftReport",
    "questions_path",
    "shift_modules",
    "write_sample",
    "write_shift",
    "write_shift_questions",
]
