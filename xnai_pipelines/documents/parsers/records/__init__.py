"""Files of records: JSON Lines, CSV and Parquet, where each record is a document, and JSON and notebooks.

Read `records.py` first; `fields.py` turns one record into one document.
"""
