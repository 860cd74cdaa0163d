"""The variants of an encoder: how weights are stored, and what runs them. To add one, add a line."""

from dataclasses import dataclass

from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.stored.scheme import Granularity, Method, Scheme


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to ship and run an encoder.

    Attributes:
        name: Name of the variant and of its asset.
        runtime: Runtime that runs it.
        scheme: How the weights are stored; None if the ONNX file that runs is also what is shipped.
        cosine_floor: Mean cosine to fp32 on held-out text below which the variant is broken and not just coarse.
    """

    name: str
    runtime: Runtime
    scheme: Scheme | None
    cosine_floor: float

    @property
    def calibrated(self) -> bool:
        """Whether calibration texts are needed to make it."""
        return self.runtime is Runtime.INT8_STATIC or (self.scheme is not None and self.scheme.method.calibrated)

    @property
    def description(self) -> str:
        """What it is, in one sentence."""
        stored = self.scheme.summary if self.scheme else f"the ONNX graph in {self.runtime}"
        return f"The encoder stored as {stored}, run as {self.runtime}."


def _groups(method: Method, bits: int, size: int) -> Scheme:
    return Scheme(method=method, bits=bits, group_size=size)


VARIANTS = (
    Variant("fp32", Runtime.FP32, None, 0.9999),
    Variant("fp16", Runtime.FP32, Scheme(method=Method.FLOAT16), 0.9999),
    Variant("int8_dynamic", Runtime.INT8_DYNAMIC, None, 0.98),
    Variant("int8_static", Runtime.INT8_STATIC, None, 0.97),
    Variant(
        "int8_arrow",
        Runtime.INT8_DYNAMIC,
        Scheme(method=Method.RTN, bits=8, granularity=Granularity.CHANNEL, symmetric=True),
        0.98,
    ),
    Variant("int4_rtn", Runtime.INT8_DYNAMIC, _groups(Method.RTN, 4, 32), 0.95),
    Variant("int4_gptq", Runtime.INT8_DYNAMIC, _groups(Method.GPTQ, 4, 32), 0.96),
    Variant("int4_awq", Runtime.INT8_DYNAMIC, _groups(Method.AWQ, 4, 32), 0.95),
    Variant("int2_rtn", Runtime.INT8_DYNAMIC, _groups(Method.RTN, 2, 64), 0.5),
    Variant("int2_gptq", Runtime.INT8_DYNAMIC, _groups(Method.GPTQ, 2, 64), 0.7),
    Variant("rate_8x", Runtime.INT8_DYNAMIC, Scheme(method=Method.RATE, ratio=8), 0.97),
    Variant("rate_12x", Runtime.INT8_DYNAMIC, Scheme(method=Method.RATE, ratio=12), 0.93),
    Variant("rate_16x", Runtime.INT8_DYNAMIC, Scheme(method=Method.RATE, ratio=16), 0.8),
    Variant("rate_19x", Runtime.INT8_DYNAMIC, Scheme(method=Method.RATE, ratio=19.3), 0.7),
)
