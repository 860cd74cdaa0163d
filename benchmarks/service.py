"""The service under load beside a bare FastAPI route: requests a second, latency, processor time, the same results.

    python -m benchmarks.service --data DATA [--home HOME] [--seconds 10]

The corpus is SciFact, 12,000 chunks; the questions are its own. wrk asks a real server: `apt-get install wrk`. Both
servers run one after the other on this machine, so ratios hold on a busy one too; so does the processor time.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import httpx2

from benchmarks.load.server import Server, bare_route, service
from benchmarks.load.wrk import Load, load
from benchmarks.pipeline import pipeline
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.serving.tokens import Scope, create_token
from xnai_pipelines.state.layout import Home

CACHED_CLIENTS, UNCACHED_CLIENTS, MANY_CLIENTS = 64, 32, 64
COMPARED = 60  # questions whose responses alone and under load are compared
EVERY_SOURCE = {"source": ""}  # the same search as without filters, and another request to the cache
DEPTHS = range(3, 20)  # results asked for: with the questions more requests than the cache keeps


def main() -> int:
    """Print a row for each load; return 1 if a response under load differs from the one alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=Path(".xnai/models"))
    parser.add_argument("--home", type=Path, help="a home with a release; default: one is made of SciFact")
    parser.add_argument("--seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        print("wrk is missing. Install it: apt-get install wrk", file=sys.stderr)
        return 1
    scifact = arguments.data / "scifact"
    lines = (scifact / "questions/queries.jsonl").read_text(encoding="utf-8").splitlines()[:300]
    questions = [json.loads(line)["text"] for line in lines]
    with ExitStack() as opened:
        if arguments.home is None:
            made = opened.enter_context(pipeline(arguments.models, Runtime.INT8_DYNAMIC))
            made.ingest(scifact / "documents", scifact / "questions")
            home = made.context.home
        else:
            home = Home(arguments.home.resolve())
        folder = Path(opened.enter_context(TemporaryDirectory()))
        return _measure(home, questions, folder, arguments.seconds)


def _measure(home: Home, questions: Sequence[str], folder: Path, seconds: float) -> int:
    token, _ = create_token(home, "load", (Scope.SEARCH,), (), timedelta(days=1))
    one, many = folder / "one.jsonl", folder / "many.jsonl"
    _write(one, [{"question": questions[0]}])
    _write(many, [{"question": question, "k": k} for k in DEPTHS for question in questions])
    with bare_route() as server:
        bare = load(server, one, token, CACHED_CLIENTS, seconds)
        _print("bare route", CACHED_CLIENTS, bare)
    with service(home) as server:
        figures = {"seconds": round(server.ready_seconds, 2), "processor": round(server.ready_processor_seconds, 2)}
        print(json.dumps({"start to ready": figures}), flush=True)
        load(server, one, token, 1, 1)  # the first request of a process pays for what the others find
        cached = load(server, one, token, CACHED_CLIENTS, seconds)
        _print("cached search", CACHED_CLIENTS, cached, bare)
        _print("search, alone", 1, load(server, many, token, 1, seconds))
        _print("search", UNCACHED_CLIENTS, load(server, many, token, UNCACHED_CLIENTS, seconds), bare)
        same = _same_alone_and_among(server, many, questions, token, seconds)
        print(json.dumps({"compared": COMPARED, "same": same, "memory_mib": round(server.memory_mib)}), flush=True)
    return int(same != COMPARED)


def _same_alone_and_among(server: Server, many: Path, questions: Sequence[str], token: str, seconds: float) -> int:
    """Return how many responses are the same bytes alone and while others ask; none of them comes from the cache."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=server.address, headers=headers, timeout=120, trust_env=False) as client:

        def found(question: str, filters: dict[str, str]) -> bytes:
            body = {"question": question, "filters": filters}
            response = client.post("/v1/search", json=body)
            while response.status_code == 429:
                response = client.post("/v1/search", json=body)
            return response.raise_for_status().content

        alone = [found(question, {}) for question in questions[:COMPARED]]
        among = Thread(target=load, args=(server, many, token, MANY_CLIENTS, seconds))
        among.start()
        with ThreadPoolExecutor(4) as asking:
            together = list(asking.map(lambda question: found(question, EVERY_SOURCE), questions[:COMPARED]))
        among.join()
    return sum(one == other for one, other in zip(alone, together, strict=True))


def _write(path: Path, bodies: Sequence[dict[str, Any]]) -> None:
    path.write_text("".join(f"{json.dumps(body)}\n" for body in bodies), encoding="utf-8")


def _print(what: str, clients: int, measured: Load, bare: Load | None = None) -> None:
    row: dict[str, Any] = {"what": what, "clients": clients, **asdict(measured)}
    if bare is not None:
        row["rate_to_bare"] = round(measured.per_second / bare.per_second, 3)
        row["processor_to_bare"] = round(measured.processor_ms / bare.processor_ms, 2)
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    sys.exit(main())
