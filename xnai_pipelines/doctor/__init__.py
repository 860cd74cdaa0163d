"""What is wrong with a home, and the fix of each fault.

A home goes in; a list of diagnoses comes out, and nothing is changed. Read `examine.py` first, the table of what is
inspected; the inspections are in the modules by what they look at, and `diagnosis.py` is what each of them returns.
"""
