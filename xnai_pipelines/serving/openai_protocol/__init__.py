"""The service as applications of the OpenAI protocol see it: chat completions, embeddings, models, and re-ranking.

Read `routes.py` first; `messages.py` has what goes in and out, and `chat.py` turns an answer into a completion.
"""
