"""Health of the documents themselves: what is stale, broken, unfinished or repeated, and which pages to mend first.

`inspections.py` has the table of what is looked for; `make.py` is what a run does.
"""
