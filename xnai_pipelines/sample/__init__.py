"""Real documents that need no download: the standard library's documentation, and Russian paragraphs on it."""
