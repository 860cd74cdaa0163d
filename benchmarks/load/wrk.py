"""wrk, the load generator, against one route of a server."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.server import Server

_SCRIPT = Path(__file__).with_name("ask.lua")


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load.

    Attributes:
        per_second: Requests a second.
        p50_ms: Median latency.
        p95_ms: 95th percentile of the latency.
        failed: Requests with another status than 2xx or 3xx, or none.
        processor_ms: The server's processor time per request.
    """

    per_second: float
    p50_ms: float
    p95_ms: float
    failed: int
    processor_ms: float


def load(server: Server, bodies: Path, token: str, clients: int, seconds: float, route: str = "/v1/search") -> Load:
    """Return what came of so many clients that ask the bodies, one a line, as fast as they are answered."""
    before = server.processor_seconds
    threads = str(min(2, clients))
    options = ["--threads", threads, "--connections", str(clients), "--duration", f"{seconds:g}s", "--timeout", "60s"]
    command = ["wrk", *options, "--script", str(_SCRIPT), f"{server.address}{route}", "--", str(bodies), token]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    said = json.loads(printed.splitlines()[-1])
    spent = server.processor_seconds - before
    return Load(
        per_second=round(said["requests"] / said["seconds"], 1),
        p50_ms=said["p50_ms"],
        p95_ms=said["p95_ms"],
        failed=said["failed"],
        processor_ms=round(1000 * spent / max(1, said["requests"]), 3),
    )
