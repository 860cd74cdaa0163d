"""Encoders whose weights an installed package carries: from the package's own file to a model folder.

Read `folder.py` first, which writes the folder; `e5_file.py` reads the package's file.
"""

MULTILINGUAL_ENCODER = "multilingual-e5-small"
