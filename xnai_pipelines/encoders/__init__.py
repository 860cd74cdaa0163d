"""Encoders: texts to unit vectors, run by ONNX Runtime. Importing this folder loads no quantizer.

Read `encoder.py` first, then `specification.py`, all that decides a vector. `cache.py` keeps vectors by text, and
`source.py` finds an encoder's files; `stored` is the format of few bits, which `expansion.py` makes executable.
"""
