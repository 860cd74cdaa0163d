"""Training pairs: what adapters learn from, apart from all that is evaluated."""
