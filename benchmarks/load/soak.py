"""Many requests while the release moves: none fails, none mixes two releases, and memory stays flat.

    python -m benchmarks.load.soak [--requests 50000] [--moves 20]

The corpus is the sample, released twice. Each response is compared with the first one of the same
question and release. Memory is compared between the end of the first fifth and the end.
"""

import argparse
import json
import sys
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2

from benchmarks.load.server import Server, service
from benchmarks.pipeline import pipeline, write_part_of_sample
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.search.make import embed_chunks
from xnai_pipelines.serving.tokens import Scope, create_token
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases

CLIENTS = 8
QUESTIONS = ("How do I copy a folder?", "regular expressions", "sort a list", "open a file", "time zones", "threads")
MAX_GROWTH_MIB = 30  # allocators keep what many threads once needed


class Soak:
    """Clients that ask in turn until all requests are made."""

    def __init__(self, server: Server, token: str, requests: int) -> None:
        self._server = server
        self._headers = {"Authorization": f"Bearer {token}"}
        self._left = requests
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, int, int], bytes] = {}
        self.done = self.failed = self.mixed = 0

    def ask(self) -> None:
        """Ask until no request is left."""
        with httpx2.Client(base_url=self._server.address, headers=self._headers, timeout=60, trust_env=False) as client:
            while (number := self._next()) is not None:
                question, k = QUESTIONS[number % len(QUESTIONS)], 1 + number % 17
                response = client.post("/v1/search", json={"question": question, "k": k})
                with self._lock:
                    self.done += 1
                    if response.status_code != 200:
                        self.failed += 1
                        continue
                    key = (question, k, response.json()["release"])
                    self.mixed += self._seen.setdefault(key, response.content) != response.content

    @property
    def releases(self) -> int:
        """Number of releases that answered."""
        return len({release for *_, release in self._seen})

    def _next(self) -> int | None:
        with self._lock:
            self._left -= 1
            return self._left if self._left >= 0 else None


def main() -> int:
    """Print what was seen; return 1 if a request failed or was mixed, or memory grew."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="not read: documents are the sample's")
    parser.add_argument("--models", type=Path, default=Path(".xnai/models"))
    parser.add_argument("--documents", type=int, default=40)
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--moves", type=int, default=20)
    arguments = parser.parse_args()
    with TemporaryDirectory() as temporary, pipeline(arguments.models, Runtime.INT8_DYNAMIC) as made:
        folder = Path(temporary)
        write_part_of_sample(folder, arguments.documents)
        made.ingest(folder)
        embed_chunks(made.context, made.encoder, exact_search_rows=made.exact_search_rows, new_release=True)
        token, _ = create_token(made.context.home, "soak", (Scope.SEARCH,), (), timedelta(days=1))
        with service(made.context.home) as server:
            return _soak(made.context.home, server, Soak(server, token, arguments.requests), arguments)


def _soak(home: Home, server: Server, soak: Soak, arguments: argparse.Namespace) -> int:
    clients = [threading.Thread(target=soak.ask) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    memory = _move(home, server, soak, arguments.requests, arguments.moves)
    for client in clients:
        client.join()
    memory.append(server.memory_mib)
    growth = memory[-1] - memory[len(memory) // 5]
    figures = {"requests": soak.done, "failed": soak.failed, "mixed": soak.mixed, "releases": soak.releases}
    print(json.dumps({**figures, "memory_mib": [round(one) for one in memory], "growth_mib": round(growth, 1)}))
    return int(bool(soak.failed or soak.mixed or growth > MAX_GROWTH_MIB))


def _move(home: Home, server: Server, soak: Soak, requests: int, moves: int) -> list[float]:
    """Move the pointer to and fro while the clients ask; return the memory at each move, MiB."""
    releases, memory = Releases(home.releases), []
    numbers: Sequence[int] = [release.release for release in releases.all()]
    for move in range(1, moves + 1):
        while soak.done < requests * move // (moves + 1):
            threading.Event().wait(0.05)
        memory.append(server.memory_mib)
        releases.roll_back(numbers[move % len(numbers)], "a soak")
    return memory


if __name__ == "__main__":
    sys.exit(main())
