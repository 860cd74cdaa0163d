"""Questions: labelled, generated or from feedback, split by document. `make.py` is what a run does."""
