"""The processor's capabilities, as far as they change how a model is built."""

import platform
from pathlib import Path

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
