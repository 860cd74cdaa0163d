"""Answers written by a language model behind any server with OpenAI's protocol; each sentence is verified.

Evidence goes in, and sentences that it proves come out. Read `answerer.py` first; `prompt.py` has what the model is
asked and how its reply is read, `rewriter.py` completes follow-up questions. `make.py` is what a run does: it compares
these answers with quotes (`evaluation.py`).
"""
