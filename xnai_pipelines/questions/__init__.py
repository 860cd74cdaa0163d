"""Questions: labelled, generated or from feedback, split by document.

Files of questions, or passages if there are none, go in; questions with the documents that answer them come out. Read
`make.py` first, which is what a run does, and `question.py`, what a question is. `labelled.py`, `generated.py` and
`feedback.py` are where they come from; `split.py` keeps training apart from evaluation.
"""
