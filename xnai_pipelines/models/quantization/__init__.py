"""Quantization of any Hugging Face transformer folder to low-bit codes, by several methods.

Read `quantize.py` first, then `model.py`, a transformer's parts by name. `rounding.py`, `gptq.py`, `awq.py` and
`rate.py` are the methods; `layerwise.py` and `calibration.py` take them through a model, layer by layer. `static.py`
quantizes activations between layers.
"""

from xnai_pipelines.encoders.stored.file import load, save
from xnai_pipelines.encoders.stored.graph import to_onnx
from xnai_pipelines.encoders.stored.inspection import inspect
from xnai_pipelines.encoders.stored.scheme import Granularity, Method, Scheme
from xnai_pipelines.models.quantization.quantize import quantize

__all__ = ["Granularity", "Method", "Scheme", "inspect", "load", "quantize", "save", "to_onnx"]
