"""The service: search and documents of the current release over HTTP, for callers with different rights.

Read `app.py` first, then follow a request: `front.py` (limits, caller), `routes.py`, `operations.py` (what a caller can
do), `current.py` (the release that answers). `access.py` is the one way from a caller to what may be read;
`openai_protocol`, `agents.py` and `page` are other doors to the same operations.
"""
