"""Models: the encoder exported, quantized into variants, and compared on the precision card.

Read `variants.py` first, the table of variants, then `make.py`, which builds one. `export.py` writes the float graph
(`bert.py`, `torch_export.py`), `stored_encoder.py` the others; `quantization` finds the codes, and `card` and
`encoder_comparison` measure what they are worth.
"""
