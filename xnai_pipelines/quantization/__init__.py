"""Models of few bits: quantizers for any Hugging Face transformer, their storage format, and their ONNX graphs."""

from xnai_pipelines.quantization.scheme import BITS, GROUP_SIZES, Granularity, Method, Scheme, SchemeError
from xnai_pipelines.quantization.tensor import QuantizedTensor

__all__ = [
    "BITS",
    "GROUP_SIZES",
    "Granularity",
    "Method",
    "QuantizedTensor",
    "Scheme",
    "SchemeError",
]
