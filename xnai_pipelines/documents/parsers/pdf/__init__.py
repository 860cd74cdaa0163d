"""PDF: text in reading order, and what lies beside it on the pages.

Read `document.py` first. `recognition.py` reads pages that are pictures with the program `tesseract`.
"""
