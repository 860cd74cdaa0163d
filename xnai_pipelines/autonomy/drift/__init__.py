"""Drift: what changed since the release in documents, questions, index and model, and the likely cause.

The home as it is and its profile at the release go in; a report comes out. Read `make.py` first, which is what a run
does: it takes a profile (`profile.py`) and keeps it (`files.py`). `concluding.py` tests for each kind of change
(`faults.py`, `content.py`, `ranking.py`) and names the cause; `report.py` is what comes out.
"""
