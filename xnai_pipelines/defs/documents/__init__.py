"""Documents: the folder, read, normalised and accounted for."""
