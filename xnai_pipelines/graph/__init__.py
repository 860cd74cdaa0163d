"""Knowledge graph: mentions, entities, relations and communities, each a pure function of the chunks.

Chunks go in and tables (`tables.py`) come out. Read `make.py` first, which is what a run does: `extraction.py` reads
each document, `resolution.py` says what each mention names, and `entities.py`, `relations.py` and `communities.py` make
the rows. `whole.py` makes each table of all of them, `touched.py` the rows that an edit touches. `stored.py` answers
questions about the graph and `walk.py` finds passages by it; most other modules are one rule of reading or of merging
names.
"""
