"""Health of the documents themselves: what is stale, broken, unfinished or repeated, and which pages to fix first.

Read `inspections.py` first, the table of what is looked for; each inspection is a module. `make.py` is what a run does:
`reading.py` prepares the documents, `examine.py` inspects them, `score.py` and `report.py` say what came of it.
"""
