"""Models of few bits: quantizers for any Hugging Face transformer, their storage format, and their ONNX graphs."""

from xnai_pipelines.quantization.calibration import texts_sha256
from xnai_pipelines.quantization.file import load, save, state_dict
from xnai_pipelines.quantization.graph import GraphError, GraphForm, to_onnx, write_skeleton
from xnai_pipelines.quantization.inspection import Inspection, TensorSummary, inspect
from xnai_pipelines.quantization.perplexity import perplexity
from xnai_pipelines.quantization.quantize import quantize
from xnai_pipelines.quantization.quantized import QuantizationError, QuantizedModel, Statistics
from xnai_pipelines.quantization.scheme import BITS, GROUP_SIZES, Granularity, Method, Scheme, SchemeError
from xnai_pipelines.quantization.sealed import QuantizedFileError
from xnai_pipelines.quantization.static import quantize_static
from xnai_pipelines.quantization.tensor import QuantizedTensor

__all__ = [
    "BITS",
    "GROUP_SIZES",
    "Granularity",
    "GraphError",
    "GraphForm",
    "Inspection",
    "Method",
    "QuantizationError",
    "QuantizedFileError",
    "QuantizedModel",
    "QuantizedTensor",
    "Scheme",
    "SchemeError",
    "Statistics",
    "TensorSummary",
    "inspect",
    "load",
    "perplexity",
    "quantize",
    "quantize_static",
    "save",
    "state_dict",
    "texts_sha256",
    "to_onnx",
    "write_skeleton",
]
