"""The service: search and documents of the current release over HTTP, for callers with different rights."""
