"""Questions with the documents that answer them: labelled by people or generated, and split by document."""

from xnai_pipelines.questions.feedback import (
    Feedback,
    FeedbackError,
    feedback_questions,
    merged_labels,
    record_feedback,
)
from xnai_pipelines.questions.files import LabelledQuestionsError
from xnai_pipelines.questions.generated import Passage, generate_questions
from xnai_pipelines.questions.labelled import LabelledQuestions, Overlap, Unresolved, read_labelled
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split, question_id
from xnai_pipelines.questions.split import DEFAULT_SHARES, split_by_document

__all__ = [
    "DEFAULT_SHARES",
    "Feedback",
    "FeedbackError",
    "LabelledQuestions",
    "LabelledQuestionsError",
    "Origin",
    "Overlap",
    "Passage",
    "Question",
    "Relevant",
    "Split",
    "Unresolved",
    "feedback_questions",
    "generate_questions",
    "merged_labels",
    "question_id",
    "read_labelled",
    "record_feedback",
    "split_by_document",
]
