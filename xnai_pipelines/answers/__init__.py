"""Answers from a release: a question goes in; sentences with citations come out, or a refusal.

Read `ask.py` first, the way of one question: `evidence.py` gathers passages, `scoring.py` and `refusal.py` say whether
they answer, `extractive.py` quotes them or `language_model` writes of them, and `verify.py` holds what was written
against them. `answer.py` is what comes out. `languages` has the words by which documents tell what happened, a file per
language. Most other modules read one thing in a question or a text.
`make.py` is what a run does: it evaluates answers.
"""
