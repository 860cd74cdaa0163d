"""The service under load profiles: what each kind of request costs, a steady load, a spike; a report in Markdown.

    python -m benchmarks.load.profiles [--home HOME] [--seconds 10]

HOME is a home with a release and questions; `make demo` makes `.xnai`. wrk asks a real server: `apt-get install wrk`.
Requests are all different, so that none comes from the cache, but for the row that says so. Processor time is the
server's own, and holds on a busy machine too; rates and latencies are of this machine as it is. The soak is
`benchmarks.load.soak`.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.load.server import Server, service
from benchmarks.load.wrk import Load, load
from xnai_pipelines.serving.configuration import ServiceLimits
from xnai_pipelines.serving.tokens import Scope, create_token
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import QUESTIONS
from xnai_pipelines.state.tables import Tables

CLIENTS = 8  # more than processors, fewer than the queue takes
STEADY_CLIENTS = 4
SPIKE_CLIENTS = 2 * ServiceLimits().queue
DIFFERENT = range(3, 20)  # results asked for: with the questions more requests than the cache keeps
LOOK_SECONDS = 0.2
EXPECTED = ("200", "429", "499")  # the last: wrk leaves what it asked when its time is over


def different(questions: Sequence[str]) -> dict[str, tuple[str, list[dict[str, Any]]]]:
    """Return the kinds of requests, each with its route and its bodies."""
    found = [(question, k) for k in DIFFERENT for question in questions]
    kinds = {
        f"search, {mode}": ("/v1/search", [{"question": one, "k": k, "mode": mode} for one, k in found])
        for mode in ("hybrid", "vector", "keyword")
    }
    return kinds | {
        "search from the cache": ("/v1/search", [{"question": questions[0]}]),
        "context": ("/v1/context", [{"question": one, "budget": 1_900 + k} for one, k in found]),
        "answer": ("/v1/answer", [{"question": one} for one in questions]),
    }


@dataclass(slots=True)
class Watched:
    """What Prometheus would have seen of the service during a load.

    Attributes:
        longest_queue: Most requests that waited at a look.
        statuses: Number of responses to callers by status.
    """

    longest_queue: int = 0
    statuses: dict[str, int] = field(default_factory=dict)


@contextmanager
def watched(server: Server, token: str) -> Iterator[Watched]:
    """Watch the figures of the service while the block runs."""
    seen, ended = Watched(), Event()
    with httpx2.Client(
        base_url=server.address, headers={"Authorization": f"Bearer {token}"}, trust_env=False
    ) as client:

        def figures() -> Iterator[tuple[str, dict[str, str], float]]:
            text = client.get("/metrics", timeout=60).raise_for_status().text
            for family in text_string_to_metric_families(text):
                yield from ((one.name, one.labels, one.value) for one in family.samples)

        def statuses() -> dict[str, int]:
            asked = [(labels, value) for name, labels, value in figures() if name == "xnai_requests_total"]
            totals: dict[str, int] = {}
            for labels, value in asked:
                if labels["route"].startswith("/v1/"):
                    totals[labels["status"]] = totals.get(labels["status"], 0) + int(value)
            return totals

        def look() -> None:
            while not ended.wait(LOOK_SECONDS):
                queue = next(value for name, _, value in figures() if name == "xnai_queue_length")
                seen.longest_queue = max(seen.longest_queue, int(queue))

        before = statuses()
        looking = Thread(target=look)
        looking.start()
        try:
            yield seen
        finally:
            ended.set()
            looking.join()
        after = statuses()
        seen.statuses = {status: n - before.get(status, 0) for status, n in after.items() if n > before.get(status, 0)}


def main() -> int:
    """Print the report; return 1 if a request failed other than by being refused."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="not read: documents and questions are the home's")
    parser.add_argument("--home", type=Path, default=Path(".xnai"))
    parser.add_argument("--seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        print("wrk is missing. Install it: apt-get install wrk", file=sys.stderr)
        return 1
    home = Home(arguments.home.resolve())
    if not home.lancedb.is_dir():
        print(f"{home.root} holds no tables. Make them, `make demo`, or name another: --home HOME", file=sys.stderr)
        return 1
    questions = Tables.of(home).read(QUESTIONS, ["question"]).column("question").to_pylist()
    scopes = (Scope.SEARCH, Scope.ANSWER, Scope.ADMIN)
    token, _ = create_token(home, "load", scopes, (), timedelta(days=1))
    with ExitStack() as opened:
        folder = Path(opened.enter_context(TemporaryDirectory()))
        server = opened.enter_context(service(home))
        return _report(server, different(sorted(set(questions))), folder, token, arguments.seconds)


def _report(
    server: Server,
    kinds: dict[str, tuple[str, list[dict[str, Any]]]],
    folder: Path,
    token: str,
    seconds: float,
) -> int:
    failed = 0
    print(f"Ready after {server.ready_processor_seconds:.1f} s of processor time, {server.memory_mib:.0f} MiB.\n")
    print("| request | processor ms | requests per second and core | p50 / p95 ms, 8 clients |\n|---|---|---|---|")
    for number, (kind, (route, bodies)) in enumerate(kinds.items()):
        (folder / f"{number}.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in bodies), encoding="utf-8")
        load(server, folder / f"{number}.jsonl", token, 1, 1, route)  # the first request pays for what the others find
        cost = load(server, folder / f"{number}.jsonl", token, CLIENTS, seconds, route)
        failed += cost.failed
        print(
            f"| {kind} | {cost.processor_ms} | {1000 / cost.processor_ms:.0f} | {cost.p50_ms} / {cost.p95_ms} |",
            flush=True,
        )
    print("\n| profile | clients | requests/s | p50 / p95 ms | longest queue | statuses | memory MiB |\n|" + "---|" * 7)
    for profile, clients in (("steady", STEADY_CLIENTS), ("spike", SPIKE_CLIENTS), ("after it", STEADY_CLIENTS)):
        with watched(server, token) as seen:
            made: Load = load(server, folder / "0.jsonl", token, clients, seconds)
        failed += sum(n for status, n in seen.statuses.items() if status not in EXPECTED)
        statuses = ", ".join(f"{status}: {n}" for status, n in sorted(seen.statuses.items()))
        rates = f"{made.per_second} | {made.p50_ms} / {made.p95_ms} | {seen.longest_queue}"
        print(f"| {profile} | {clients} | {rates} | {statuses} | {server.memory_mib:.0f} |", flush=True)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
