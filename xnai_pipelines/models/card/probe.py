"""The cost of serving a variant, measured in a new process.

In a new process, memory is only the variant's and not another's, torch's or the caller's. Stored variants have to be
expanded before (`encoders.expansion.expanded`), otherwise their expansion is included.
"""

import json
import logging
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import xnai_pipelines
from xnai_pipelines.errors import ProbeError

if TYPE_CHECKING:  # settings import the card, and no command but a measurement loads an encoder for it
    from xnai_pipelines.encoders.encoder import Encoder

BATCH = 32
BATCHED = 128  # passages also encoded in batches: enough for a mean, at a third of the time
WARM_UP = 5  # queries; the first ones allocate memory

_REASON_CHARACTERS = 500

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The cost of serving.

    Attributes:
        load_seconds: Seconds from the folder to a ready encoder, including the check of each file's SHA-256.
        peak_memory_bytes: Peak memory while the process loaded and served, including libraries.
        idle_memory_bytes: Memory before the encoder was loaded: Python and the libraries.
        query_p50_ms: Median time to encode a query in milliseconds, one at a time on one thread.
        query_p95_ms: 95th percentile of that time.
        passages_per_second: Rate of the faster of two rounds over the passages, on `threads` threads.
        finite: Whether every number of every vector is finite.
        served_identical: Share of passages whose vector is bit-identical when the served path encodes them in reversed
            order, so with other neighbours.
        batch_cosine: Mean cosine between vectors from padded batches of 32, as other servers compute them, and vectors
            of the same passages one at a time; over the first 128 passages.
        batch_identical: Share of those that are bit-identical.
        passages: Number of passages encoded.
        queries: Number of queries timed.
        threads: Number of passages encoded in parallel.
    """

    load_seconds: float
    peak_memory_bytes: int
    idle_memory_bytes: int
    query_p50_ms: float
    query_p95_ms: float
    passages_per_second: float
    finite: bool
    served_identical: float
    batch_cosine: float
    batch_identical: float
    passages: int
    queries: int
    threads: int


def probe(folder: Path, passages: Sequence[str], queries: Sequence[str], threads: int, timeout: float) -> Probe:
    """Return the cost of loading the encoder in `folder` and serving it, in a new process.

    Args:
        folder: Folder for `Encoder.load`.
        passages: Texts to encode; some hundreds give a steady rate.
        queries: Texts to time one by one.
        threads: Number of passages encoded in parallel.
        timeout: Seconds after which the process is ended.

    Raises:
        ProbeError: The encoder could not be loaded or served, or not in time.
        ValueError: There is no passage or no query.
    """
    if not passages or not queries:
        raise ValueError("A probe needs at least one passage and one query.")
    request = {
        "folder": str(folder.absolute()),
        "passages": list(passages),
        "queries": list(queries),
        "threads": threads,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "xnai_pipelines.models.card.probe"],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=timeout,
            check=False,
            cwd=Path(xnai_pipelines.__file__).parents[1],  # the same code as this process runs
        )
    except subprocess.TimeoutExpired:
        raise ProbeError(f"Serving {folder.name} took longer than {timeout:g} s and was stopped.") from None
    if done.returncode != 0:
        raise ProbeError(f"{folder.name} cannot be served: {_reason(done.returncode, done.stderr)}")
    return Probe(**json.loads(done.stdout))


def _reason(status: int, stderr: bytes) -> str:
    """Return why the process ended, in one line: the error it raised, or its signal."""
    lines = stderr.decode("utf-8", errors="replace").strip().splitlines()
    words = lines[-1][-_REASON_CHARACTERS:] if lines else "it gave no reason"
    if status == -signal.SIGKILL:
        return f"its process was killed, as happens if memory runs out ({words})"
    return f"its process ended by {signal.Signals(-status).name} ({words})" if status < 0 else words


def main() -> None:
    """Measure what standard input requests and write it to standard output as JSON."""
    reply = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library's output must not look like the reply
    logging.basicConfig(level=logging.ERROR)
    request = json.loads(sys.stdin.buffer.read())
    measured = _measure(Path(request["folder"]), request["passages"], request["queries"], request["threads"])
    json.dump(asdict(measured), reply)
    reply.flush()


def _measure(folder: Path, passages: list[str], queries: list[str], threads: int) -> Probe:
    from xnai_pipelines.encoders.encoder import Encoder

    idle = _peak_memory()
    started = time.perf_counter()
    encoder = Encoder.load(folder, threads=threads)
    load_seconds = time.perf_counter() - started
    for query in queries[:WARM_UP]:
        encoder.encode_query(query)
    latencies, query_vectors = [], []
    for query in queries:
        started = time.perf_counter()
        query_vectors.append(encoder.encode_query(query))
        latencies.append(1000 * (time.perf_counter() - started))
    vectors, seconds = _timed(encoder, passages)
    backwards, again = _timed(encoder, passages[::-1])
    peak = _peak_memory()  # before the batches, which the served path never uses
    alone = vectors[:BATCHED]
    batched = _in_batches(encoder, passages[:BATCHED])
    p50, p95 = np.percentile(latencies, [50, 95]).tolist()
    finite = bool(np.isfinite(vectors).all() and np.isfinite(query_vectors).all() and np.isfinite(batched).all())
    return Probe(
        load_seconds=load_seconds,
        peak_memory_bytes=peak,
        idle_memory_bytes=idle,
        query_p50_ms=p50,
        query_p95_ms=p95,
        passages_per_second=len(passages) / min(seconds, again),
        finite=finite,
        served_identical=_identical(vectors, backwards[::-1]),
        # a cosine of vectors that are not finite is none, and JSON cannot represent it
        batch_cosine=float(np.mean(np.sum(alone * batched, axis=1, dtype=np.float64))) if finite else 0.0,
        batch_identical=_identical(alone, batched),
        passages=len(passages),
        queries=len(queries),
        threads=threads,
    )


def _timed(encoder: "Encoder", passages: list[str]) -> tuple[Vectors, float]:
    started = time.perf_counter()
    vectors = encoder.encode_passages(passages).vectors
    return vectors, time.perf_counter() - started


def _in_batches(encoder: "Encoder", passages: list[str]) -> Vectors:
    """Return the passages' vectors from padded batches in the given order, float32 [n, d]."""
    return np.concatenate(
        [encoder.encode_padded(passages[start : start + BATCH]) for start in range(0, len(passages), BATCH)]
    )


def _identical(one: Vectors, other: Vectors) -> float:
    return float(np.mean((one == other).all(axis=1)))


def _peak_memory() -> int:
    """Return the peak memory of this process so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    # On Linux a child inherits the parent's peak in ru_maxrss, so it is used only if there is no VmHWM.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
