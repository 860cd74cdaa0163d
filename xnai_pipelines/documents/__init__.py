"""Documents: the files of a folder read, normalised and accounted for. `make.py` is what a run does."""
