"""Office files that are zip packages of XML: Word, Excel and PowerPoint since 2007, and OpenDocument.

Read `word.py` first. A library reads the body; `lost_texts.py` holds every text of the package against what it gave.
"""
