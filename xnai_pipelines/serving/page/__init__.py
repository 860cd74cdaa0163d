"""The chat page: static files, and the session of the person who uses it.

`routes.py` serves both; the page itself is in `files`, plain JavaScript without a build.
"""
