"""The precision card: every variant measured on the home's corpus, and the policy that chooses one.

Read `card.py` first, the figures that all others share, then `make.py`, which measures (`measure.py`, on the chunks
that `pool.py` picks) and chooses (`policy.py`).
"""
