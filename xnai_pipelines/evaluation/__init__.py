"""Evaluation: retrieval measured on questions, with intervals and slices.

Read `make.py` first, which is what a run does, then `evaluate.py`: questions asked (`asking.py`), scored (`metrics.py`,
`intervals.py`), by question and slice (`per_question.py`, `slices.py`), as one `report.py`. `policy.py` chooses how a
release ranks; the modules beside it measure whether a part of search earns its place.
"""
