"""Quantization of any Hugging Face transformer folder to codes of few bits, by several methods."""

from xnai_pipelines.encoders.stored.file import load, save
from xnai_pipelines.encoders.stored.graph import to_onnx
from xnai_pipelines.encoders.stored.inspection import inspect
from xnai_pipelines.encoders.stored.scheme import Granularity, Method, Scheme
from xnai_pipelines.models.quantization.quantize import quantize

__all__ = ["Granularity", "Method", "Scheme", "inspect", "load", "quantize", "save", "to_onnx"]
