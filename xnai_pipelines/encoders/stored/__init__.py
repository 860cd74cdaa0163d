"""The Arrow format of few bits: how a quantized encoder is stored, and how it is expanded to an ONNX graph.

Read `tensor.py` and `scheme.py` first, what is stored, then `file.py`, which writes and reads it (`rows.py`,
`packing.py`, `entropy.py`). `graph.py` expands a file to a graph (`kernels.py`); `inspection.py` shows it to people.
"""
