"""The process of which `tests.support.forked` makes its commands: it has imported libraries, and done nothing else.

Our package is imported too, since that takes a second of each command: its modules read no environment and keep
nothing of the process that imports them, which is asserted here. That of the terminal does, each command imports it.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import socket
import sys
import threading
import warnings
from pathlib import Path
from types import ModuleType

from tests.support.fast_disk import make_disk_fast
from tests.support.forked import SIZE_BYTES, TOLD_BYTES

# Imported without these, they would report home or take another way than in a command.
_AS_IN_A_COMMAND = {
    "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "DAGSTER_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1", "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "TOKENIZERS_PARALLELISM": "false",
}  # fmt: skip
_LIBRARIES = (
    "dagster", "dagster._core.executor.in_process", "dagster._core.storage.event_log.sqlite",
    "dagster._core.storage.noop_compute_log_manager", "dagster._core.storage.runs.sqlite",
    "dagster._core.storage.schedules.sqlite", "dagster._core.storage.sqlite_storage", "ftfy",
    "matplotlib.backends.backend_agg", "matplotlib.figure", "mlflow", "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_workspace_store", "onnx", "onnxruntime", "pathspec", "PIL.PngImagePlugin",
    "pyarrow.dataset", "pydantic_settings", "rich.table", "scipy.sparse", "scipy.stats", "tokenizers", "torch",
    "tqdm", "transformers", "typer",
)  # fmt: skip
_OURS = (
    "xnai_pipelines.cli.queries", "xnai_pipelines.cli.runs", "xnai_pipelines.cli.servers", "xnai_pipelines.definitions",
    "xnai_pipelines.doctor.examine", "xnai_pipelines.sample.documents", "xnai_pipelines.serving.run",
)  # fmt: skip


def receive(connection: socket.socket) -> tuple[dict[str, object], list[int]]:
    """Return a request and the three files that came with it."""
    head, files, _, _ = socket.recv_fds(connection, SIZE_BYTES, 3)
    size, body = int.from_bytes(head, "big"), b""
    while len(body) < size:
        body += connection.recv(size - len(body))
    return json.loads(body), files


def tell(connection: socket.socket, word: str, number: int) -> None:
    """Send a line, always of the same size, to the test."""
    connection.sendall(f"{word} {number}".ljust(TOLD_BYTES).encode())


def serve(listener: socket.socket) -> list[str]:
    """Make a process for each request; return what Python was asked for, in that process only."""
    while True:
        with contextlib.suppress(ChildProcessError):  # there is none
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        readable, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in readable:  # the tests have ended
            os._exit(0)
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            return keep(connection)
        connection.close()


def keep(connection: socket.socket) -> list[str]:
    """Make the command's process, and tell the test when it stops and how it ends; return in that process only."""
    with contextlib.suppress(ConnectionError):
        request, files = receive(connection)
        if (command := os.fork()) == 0:
            connection.close()
            return become(request, files)
        for file in files:
            os.close(file)
        tell(connection, "started", command)
        while True:
            _, status = os.waitpid(command, os.WUNTRACED)
            if os.WIFSTOPPED(status):
                tell(connection, "stopped", os.WSTOPSIG(status))
                continue
            tell(connection, "ended", os.waitstatus_to_exitcode(status))
            break
    os._exit(0)


def become(request: dict[str, object], files: list[int]) -> list[str]:
    """Give this process the folder, the environment and the files asked for, and a session of its own."""
    os.setsid()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    # opened again: a stream keeps whether its file can be wound back, and a pipe cannot
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - as long as the process
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    return request["arguments"]


def python(arguments: list[str], search: list[str]) -> None:
    """Do what Python does with these arguments; `search` is where it finds modules beside those of its environment."""
    given = os.environ.get("PYTHONPATH")
    sys.path[1:] = [*(given.split(os.pathsep) if given else []), *search]
    sys.modules["__main__"] = main = ModuleType("__main__")
    kind, *rest = arguments
    if kind == "-m":
        sys.argv, sys.path[0] = rest, str(Path.cwd())
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif kind == "-c":
        sys.argv, sys.path[0] = ["-c", *rest[1:]], ""
        exec(compile(rest[0], "<string>", "exec"), vars(main))  # noqa: S102
    else:
        sys.argv, sys.path[0] = arguments, str(Path(kind).resolve().parent)
        runpy.run_path(kind, run_name="__main__")


def end(code: int) -> None:
    """End this process as Python does, but without taking down what was imported: half a second of each command."""
    threading._shutdown()
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):  # else Python says what it cannot write
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code & 0xFF)


def _import_ours() -> None:
    """Import our package; what it would read of the environment meanwhile would be another's than its command's."""
    read: list[str] = []

    def noted(environment: "os._Environ[str]", name: str) -> str:
        read.append(name)
        return given(environment, name)

    given, os._Environ.__getitem__ = os._Environ.__getitem__, noted  # type: ignore[method-assign]
    try:
        for module in _OURS:
            importlib.import_module(module)
    finally:
        os._Environ.__getitem__ = given  # type: ignore[method-assign]
    ours = {name for name in read if name.startswith(("XNAI_", "AWS_"))} - os.environ.keys()  # a library reads them all
    assert not ours, f"The package reads {ours} as it is imported: settings are read when a command needs them."
    assert "xnai_pipelines.cli.terminal" not in sys.modules, "It keeps how wide the terminal is as it is imported."


def run(listener: int) -> None:
    """Import the libraries, serve, and do in each process made what it was asked for."""
    os.environ.update(_AS_IN_A_COMMAND)
    make_disk_fast()
    import xnai_pipelines  # noqa: F401 - which keeps ONNX Runtime from reporting, ahead of its import

    for library in _LIBRARIES:
        importlib.import_module(library)
    _import_ours()
    assert threading.active_count() == 1, "A library starts a thread as it is imported; threads are lost in forks."
    from xnai_pipelines.state.lancedb_import import imported_lancedb

    imported_lancedb()  # it starts a thread, and starts it again in each fork
    from xnai_pipelines.documents.parsers.text.language import identify_language

    identify_language("A sentence whose language is English.")  # its model takes half a second of each command
    warnings.filterwarnings("ignore", "lancedb fork support is experimental", RuntimeWarning)
    gc.collect()
    gc.freeze()  # processes that look for garbage would copy all pages otherwise
    ours = os.environ.get("PYTHONPATH")
    search = sys.path[1 + len(ours.split(os.pathsep) if ours else []) :]
    code: object = 0
    try:
        python(serve(socket.socket(fileno=listener)), search)
    except SystemExit as ended:
        code = ended.code or 0
    if isinstance(code, int):
        end(code)
    sys.exit(code)
