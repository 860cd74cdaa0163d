"""What can go wrong with adapters."""


class AdaptationError(RuntimeError):
    """A training that cannot go on, or an adapter that cannot be used. The message says why and what to do."""


class AdapterConfigError(ValueError):
    """A setting of a training that is not allowed, by name, with its value and what is."""
