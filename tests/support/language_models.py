"""A language model's server that says what a test wants, part by part, over a real socket."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias

Say: TypeAlias = Callable[[str], None]

END = "data: [DONE]\n\n"


def delta(text: str) -> str:
    """Return a part of a reply as the protocol's event."""
    return f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'content': text}}]})}\n\n"


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[str]:
    """Yield the address of a server that answers until the end of the block."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def language_model(script: Callable[[Say], None], kind: str = "text/event-stream", status: int = 200) -> Iterator[str]:
    """Yield the address of a server. For each request `script` is called with what sends a part of the body as it is.

    A script whose client has left gets a `ConnectionError` from it.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            script(self._say)

        def _say(self, part: str) -> None:
            self.wfile.write(part.encode())
            self.wfile.flush()

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None: ...

    with running(Server(("127.0.0.1", 0), Handler)) as address:
        yield address


@contextmanager
def chat_server(replies: Callable[[str], str | None]) -> Iterator[tuple[str, list[str]]]:
    """Yield the address of a server and what it was asked, the last message of each request.

    `replies` returns what it says to such a message; None refuses the request.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"][-1]["content"])
            reply = replies(asked[-1])
            self.send_response(500 if reply is None else 200)
            self.end_headers()
            usage = {"prompt_tokens": 300, "completion_tokens": 100}
            body = {"choices": [{"message": {"role": "assistant", "content": reply}}], "usage": usage}
            self.wfile.write(b"" if reply is None else json.dumps(body).encode())

        def log_message(self, *_: object) -> None: ...

    with running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as address:
        yield address, asked
