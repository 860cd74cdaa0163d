"""The Arrow format of few bits: how a quantized encoder is stored, and how it is expanded to an ONNX graph."""
