"""Questions: what retrieval is measured with."""
