"""The number formats ONNX Runtime computes in. What is shipped is a variant (`models.variants`); a runtime runs it."""

import platform
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
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


_RELEVANT = ("sse4", "avx", "fma", "f16c", "amx", "asimd", "sve", "i8mm", "bf16")


def cpu_flags() -> tuple[str, ...]:
    """Return the processor's vector instruction sets, sorted; empty if the system does not list them."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    flags = next((line.split(":", 1)[1].split() for line in lines if line.startswith(("flags", "Features"))), [])
    return tuple(sorted(flag for flag in flags if flag.startswith(_RELEVANT)))


def int8_sums_saturate() -> bool:
    """Return whether products of 8-bit numbers are summed in 16 bits, so that 8-bit weights would overflow.

    True for x86 processors without VNNI (or AMX): their weights keep 7 bits (`reduce_range`).
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    return not any("vnni" in flag or flag == "amx_int8" for flag in cpu_flags())
