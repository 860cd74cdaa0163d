"""Promotion: the challenger beside the champion, the decision, and the release."""
