"""Questions: labelled, generated or given as feedback, split by document. `make.py` is what a run does."""
