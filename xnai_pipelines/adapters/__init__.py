"""Adapters: low-rank weights (LoRA) that fit an encoder to a home's questions, or a causal model to conversations.

Questions and passages of the current release go in; an adapter and the encoder merged with it come out. Read `make.py`
first, which is what a run does: `training_pairs.py` and `mining.py` find what to learn from, `training.py` trains
(`loop.py`, with `encoder_objective.py` or `causal_objective.py`), `merging.py` merges. A training that was killed goes
on from its `checkpoint.py`.
"""
