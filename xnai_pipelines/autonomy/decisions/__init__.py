"""Decisions: from evaluations and retraining attempts to the next action of the automation. Pure.

The memory of the last tick, new evaluations and past attempts go in; an action, its reason and a new memory come out.
Read `decide.py` first: `reading.py` takes each evaluation (`logged_evaluation.py`) into `memory.py`, `findings.py` and
`significance.py` find what is degraded, `attempts.py` and `remedy.py` say what may be tried.
"""
