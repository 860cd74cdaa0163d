"""Python in a process of its own, without the seconds that its imports take.

Most of the time of a short command goes into importing Dagster, MLflow, LanceDB, our package and the like.
`fork_server.py` imports them once, in a process that has read no settings and opened nothing, and each command here is
a fork of it, with the folder, environment, arguments and files of its own. Kills, exit codes and outputs are those of
any process. What is about the start of a process - its imports, its search path, the installed command - is tested with
fresh ones.

As a script, this file is what shells call: `python -S -E forked.py ARGUMENTS` stands for `python ARGUMENTS`. It
imports little, and finds the server by `TESTS_FORK_SERVER`, which no command sees.
"""

import json
import os
import socket
import sys

SERVER = "TESTS_FORK_SERVER"
SIZE_BYTES, TOLD_BYTES = 8, 32


def ask(
    address: str, arguments: list[str], folder: str, environment: dict[str, str], files: list[int]
) -> socket.socket:
    """Have the server at this address start Python; return the connection that tells of the process."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    body = json.dumps({"arguments": arguments, "folder": folder, "environment": environment}).encode()
    socket.send_fds(connection, [len(body).to_bytes(SIZE_BYTES, "big")], files)
    connection.sendall(body)
    return connection


def hear(connection: socket.socket) -> tuple[str, int]:
    """Wait for what happens next to the process: it started with a process id, stopped, or ended with an exit code."""
    told = connection.recv(TOLD_BYTES, socket.MSG_WAITALL)
    assert told, "The process that keeps the command has died."
    word, number = told.split()
    return word.decode(), int(number)


def main() -> None:
    """Run Python with this process's arguments, environment and files, and end as it ends."""
    environment = dict(os.environ)
    folder = os.getcwd()  # noqa: PTH109 - pathlib takes longer to import than all else here
    with ask(environment.pop(SERVER), sys.argv[1:], folder, environment, [0, 1, 2]) as connection:
        word, number = hear(connection)
        while word != "ended":
            word, number = hear(connection)
    sys.exit(number if number >= 0 else 128 - number)


if __name__ == "__main__":
    main()
