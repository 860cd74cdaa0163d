"""Real documents that need no download: the standard library's documentation, and Russian paragraphs on it.

The running interpreter goes in; a folder of Markdown with labelled questions comes out. Read `documents.py` first:
`modules.py` says what is documented and `collect.py`, a process of its own, reads it. `shift.py` adds the Russian
paragraphs, a change that a demonstration has to notice.
"""
