"""Documents: reads, normalises and accounts for every file of a folder.

Read `make.py` first, which is what a run does: `plan.py` compares the folder (`listing.py`) with what was read before
(`changes.py`), `file_reader.py` writes the rows. `parsers` turns files into text, `sources` mirrors what is elsewhere
into files, and `health` inspects what was read.
"""
