"""The precision card: the variants measured on the corpus, and the one chosen for the next release."""
