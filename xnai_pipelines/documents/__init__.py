"""Documents: reads, normalises and accounts for every file of a folder. `make.py` is what a run does."""
