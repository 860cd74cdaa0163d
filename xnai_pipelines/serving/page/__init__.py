"""The chat page: static files, and the session of the person who uses it.

Read `routes.py` first, which serves both; the page itself is in `files`, plain JavaScript without a build.
"""
