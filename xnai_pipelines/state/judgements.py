"""Judgements that people gave on several machines, beside the tables in an object store.

A machine appends to files of its own, one a day. Each puts them there whole; the home that runs adds those of the
others to its own, where its next evaluation reads them. So nothing has two writers.
"""

import socket
from pathlib import Path

from xnai_pipelines.state.identity import home_id
from xnai_pipelines.state.layout import Home, write_bytes
from xnai_pipelines.state.objects import Objects
from xnai_pipelines.state.sharing import objects_at
from xnai_pipelines.state.table_place import Bucket, place_of

JUDGEMENTS = "shared/feedback"


def exchange_judgements(home: Home) -> int:
    """Put the judgements of a home that runs beside its tables, and add those given elsewhere; return how many files.

    Raises:
        HomeError: The store cannot be reached.
    """
    place = place_of(home)
    if not isinstance(place, Bucket):
        return 0
    objects, mine = objects_at(place.address), home_id(home)
    stored = objects.sizes(JUDGEMENTS)
    put_judgements(home, objects, mine, dict(stored))
    return sum(_added(home, objects, name, size) for name, size in stored.items() if not name.startswith(_folder(mine)))


def put_judgements(home: Home, objects: Objects, machine: str, stored: dict[str, int]) -> None:
    """Put the files of judgements of this machine that grew.

    Args:
        home: The home.
        objects: Where its releases are shared.
        machine: Id that no other machine has.
        stored: Sizes of what is stored by name; what is put is added.

    Raises:
        HomeError: The store cannot be reached, or not be written.
    """
    for path in sorted(home.feedback.glob(f"*.{socket.gethostname()}.jsonl")):
        name, content = f"{_folder(machine)}{path.name}", path.read_bytes()
        if stored.get(name) != len(content):
            objects.write(name, content)
            stored[name] = len(content)


def _folder(machine: str) -> str:
    return f"{JUDGEMENTS}/{machine}/"


def _added(home: Home, objects: Objects, name: str, size: int) -> bool:
    """Copy judgements of another machine, unless they are here; return whether they were copied."""
    machine, file = name.removeprefix(f"{JUDGEMENTS}/").split("/")
    own, copy = home.feedback / file, home.feedback / f"{Path(file).stem}.{machine[:8]}.jsonl"
    if copy.exists() and copy.stat().st_size == size:
        return False
    content = objects.read(name)
    # a home that has taken over still has what it put when it followed
    if content is None or (own.exists() and own.read_bytes().startswith(content)):
        return False
    write_bytes(copy, content)
    return True
