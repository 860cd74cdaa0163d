"""The number formats ONNX Runtime computes in. What is shipped is a variant (`models.variants`); a runtime runs it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Self


class Runtime(StrEnum):
    """The format of the weights in the graph that runs."""

    FP32 = "fp32"  # float32: exact, as large as the full model
    INT8_DYNAMIC = "int8_dynamic"  # INT8 per channel, activations quantized at run time: fast
    INT8_STATIC = "int8_static"  # INT8 per channel, activations quantized with calibrated scales
    NBITS = "nbits"  # the stored codes, in MatMulNBits and GatherBlockQuantized: exact and small
    QDQ = "qdq"  # stored 8-bit codes behind DequantizeLinear: exact, readable by other runtimes

    @classmethod
    def of_card(cls, card: Mapping[str, Any]) -> Self:
        """Return the runtime of the graph beside a card.json; version 0.1 wrote `form`, and float for fp32."""
        written = card.get("runtime") or card.get("form") or card["precision"]
        return cls("fp32" if written == "float" else written)


# Variants made from the base weights alone; each is named after its runtime.
UNSTORED = (Runtime.FP32, Runtime.INT8_DYNAMIC)
