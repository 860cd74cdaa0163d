"""What the processor reports, set by the test: with VNNI, or one whose sums of 8-bit products overflow 16 bits."""

import pytest

from xnai_pipelines.encoders import hardware


def report_processor(monkeypatch: pytest.MonkeyPatch, *, saturates: bool) -> None:
    """Have `int8_sums_saturate` answer so, wherever it is asked in this process."""
    monkeypatch.setattr(hardware.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(hardware, "cpu_flags", lambda: ("avx2",) if saturates else ("avx2", "avx512_vnni"))
