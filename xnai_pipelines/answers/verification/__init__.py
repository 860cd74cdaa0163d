"""How a sentence is held against its evidence: quotes, numbers, names, negations, and who did what.

A sentence of an answer and one of a document go in; whether the document says it comes out, and if not, why. Read
`entailment.py` first: `tokens.py` reads both, `alignment.py` lays one beside the other, and `moved.py`, `turned.py`,
`replaced.py`, `past.py` and `reported.py` look for one kind of change each. `quoting.py` finds literal quotes.
"""
