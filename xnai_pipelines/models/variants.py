"""The variants of an encoder: how the weights are stored, and what is run. To add one, add a line."""

from dataclasses import dataclass
from enum import StrEnum

from xnai_pipelines.encoders.stored.scheme import Granularity, Method, Scheme


class Serving(StrEnum):
    """What ONNX Runtime runs. Stored weights are expanded to it once, when a variant is first served."""

    FP32 = "fp32"
    INT8_DYNAMIC = "int8_dynamic"
    INT8_STATIC = "int8_static"


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to ship and run an encoder.

    Attributes:
        name: What people call it, and the asset's name.
        serving: What is run.
        scheme: How the weights are stored; None where the ONNX file that is run is also what is shipped.
        cosine_floor: Mean cosine to fp32 on held-out text below which the variant is broken rather than coarse.
    """

    name: str
    serving: Serving
    scheme: Scheme | None
    cosine_floor: float

    @property
    def calibrated(self) -> bool:
        """Whether it is made with the help of calibration texts."""
        return self.serving is Serving.INT8_STATIC or (self.scheme is not None and self.scheme.method.calibrated)

    @property
    def description(self) -> str:
        """What it is, in a sentence."""
        stored = self.scheme.summary if self.scheme else f"the ONNX graph in {self.serving}"
        return f"The encoder stored as {stored}, run as {self.serving}."


def _groups(method: Method, bits: int, size: int) -> Scheme:
    return Scheme(method=method, bits=bits, group_size=size)


VARIANTS = (
    Variant("fp32", Serving.FP32, None, 0.9999),
    Variant("fp16", Serving.FP32, Scheme(method=Method.FLOAT16), 0.9999),
    Variant("int8_dynamic", Serving.INT8_DYNAMIC, None, 0.98),
    Variant("int8_static", Serving.INT8_STATIC, None, 0.97),
    Variant(
        "int8_arrow",
        Serving.INT8_DYNAMIC,
        Scheme(method=Method.RTN, bits=8, granularity=Granularity.CHANNEL, symmetric=True),
        0.98,
    ),
    Variant("int4_rtn", Serving.INT8_DYNAMIC, _groups(Method.RTN, 4, 32), 0.95),
    Variant("int4_gptq", Serving.INT8_DYNAMIC, _groups(Method.GPTQ, 4, 32), 0.96),
    Variant("int4_awq", Serving.INT8_DYNAMIC, _groups(Method.AWQ, 4, 32), 0.95),
    Variant("int2_rtn", Serving.INT8_DYNAMIC, _groups(Method.RTN, 2, 64), 0.5),
    Variant("int2_gptq", Serving.INT8_DYNAMIC, _groups(Method.GPTQ, 2, 64), 0.7),
    Variant("rate_8x", Serving.INT8_DYNAMIC, Scheme(method=Method.RATE, ratio=8), 0.97),
    Variant("rate_12x", Serving.INT8_DYNAMIC, Scheme(method=Method.RATE, ratio=12), 0.93),
    Variant("rate_16x", Serving.INT8_DYNAMIC, Scheme(method=Method.RATE, ratio=16), 0.8),
    Variant("rate_19x", Serving.INT8_DYNAMIC, Scheme(method=Method.RATE, ratio=19.3), 0.7),
)
