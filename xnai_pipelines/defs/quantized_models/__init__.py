"""Quantized models: the variants of the encoder, and what they are calibrated with."""
