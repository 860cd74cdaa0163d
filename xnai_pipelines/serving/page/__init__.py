"""The chat page: static files, and the session of the person who uses it."""
