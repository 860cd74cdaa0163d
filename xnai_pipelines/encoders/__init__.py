"""Encoders: texts to unit vectors, run by ONNX Runtime. Importing this folder loads no quantizer."""
