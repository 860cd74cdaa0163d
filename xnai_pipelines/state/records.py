"""Records: small typed files under `state/` that a run leaves and later runs decide by."""

from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from xnai_pipelines.errors import RecordError
from xnai_pipelines.state.full_disk import full_disk_told
from xnai_pipelines.state.layout import write_bytes

Record = TypeVar("Record")


def read_record(path: Path, kind: type[Record]) -> Record | None:
    """Return the record, None if there is none. Fields unknown to this version are dropped.

    Args:
        path: File of the record.
        kind: Class of the record: a frozen dataclass, or a plain type.

    Raises:
        RecordError: The file is damaged.
    """
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole file"
        raise RecordError(
            f"The record {path} is damaged ({where}: {first['msg']}). Delete it; the next run that needs it makes or "
            "measures it again."
        ) from error


def write_record(path: Path, record: object) -> None:
    """Replace the record, atomically even if the machine stops.

    Raises:
        HomeError: The disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with full_disk_told(path.parent):
        write_bytes(path, json_bytes(record))


def json_bytes(record: object) -> bytes:
    """Return the JSON text of a record."""
    return TypeAdapter(type(record)).dump_json(record, indent=2)
