"""Where documents come from beside the local folder: object stores, Git repositories and web sites.

Read `source.py` first, what every source does, then `mirror.py`, which copies any of them into files. `configured.py`
reads which sources a home has, and `make.py` is what a run does.
"""
