"""What the processor reports, set by the test: with VNNI, or one whose sums of 8-bit products overflow 16 bits."""

import pytest

from xnai_pipelines.encoders import runtime


def report_processor(monkeypatch: pytest.MonkeyPatch, *, saturates: bool) -> None:
    """Have `int8_sums_saturate` answer so, wherever it is asked in this process."""
    monkeypatch.setattr(runtime.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(runtime, "cpu_flags", lambda: ("avx2",) if saturates else ("avx2", "avx512_vnni"))
