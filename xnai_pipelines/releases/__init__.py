"""Releases: challenger against champion, the gate, the decision, and the pointer that a release or a rollback moves.

Read in the order of a promotion: `challenger.py`, `evaluate.py` (`pairing.py`, `comparing.py`), `gate.py`,
`decide.py` (`decision.py`), `release.py`. Beside it, `rollback.py` moves back, `forget.py` erases a document from every
release, and `maintain.py` drops what no release needs.
"""
