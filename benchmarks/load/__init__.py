"""The service under load: what runs, what asks, and a soak."""
