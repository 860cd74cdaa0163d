"""The Arrow format of few bits: what a quantized encoder is stored in, and how it is expanded to an ONNX graph."""
