"""A model artefact: a folder that appears atomically, described by its card.json."""

import fcntl
import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xnai_pipelines.errors import DamagedArtefactError
from xnai_pipelines.state.fence import committing
from xnai_pipelines.state.full_disk import full_disk_told

CARD = "card.json"
KEPT = "kept"  # of a card that is not written yet: what another card says of files that are kept as they are
_SETTLED_NS = 2 * 10**9  # a file changed since could change again within one tick of its clock
_MOST_HASHES = 1024

_hashes: dict[tuple[int, int, int, int], str] = {}
_log = logging.getLogger(__name__)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_sha256(model_folder: Path) -> str:
    """Return the hash of a Hugging Face folder's model.safetensors, or of its shards' hashes.

    Raises:
        FileNotFoundError: There are no weights, or not in this format.
    """
    hashes = [_known_sha256(shard) for shard in weights_files(model_folder)]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def _known_sha256(path: Path) -> str:
    """Return the SHA-256 of a file; of one that has not changed this process computes it once: 100 MB take 0.1 s."""
    state = path.stat()
    if time.time_ns() - state.st_mtime_ns < _SETTLED_NS:
        return file_sha256(path)
    # not the time of its last change of names: a file with one more hard link is the same
    key = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)
    if key not in _hashes:
        if len(_hashes) == _MOST_HASHES:
            _hashes.clear()
        _hashes[key] = file_sha256(path)
    return _hashes[key]


def weights_files(model_folder: Path) -> list[Path]:
    """Return model.safetensors of a Hugging Face folder, or its shards in order.

    Raises:
        FileNotFoundError: There are no weights, or not in this format.
    """
    shards = sorted(model_folder.glob("model*.safetensors"))
    if not shards:
        raise FileNotFoundError(
            f"{model_folder} has no model.safetensors. Weights in pytorch_model.bin are not read: they are a pickle, "
            "which runs code when opened. Save the model again with safe_serialization=True."
        )
    return shards


def read_card(folder: Path, *, unread: str | None = None) -> dict[str, Any]:
    """Return the card after checking every file's size and SHA-256 against it (0.1 s for 100 MB).

    Args:
        folder: The artefact.
        unread: A folder in it whose files are kept as they are. Those not written since the card was have the SHA-256
            that it says, unless the disk has damaged them: who opens them finds that out.

    Raises:
        DamagedArtefactError: The card or a file is missing, cannot be read, or differs.
    """
    try:
        card: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
        files: dict[str, dict[str, Any]] = card["files"]
        written = (folder / CARD).stat().st_mtime_ns
        for name, expected in files.items():
            path = folder / name
            state = path.stat()
            kept = unread is not None and name.startswith(f"{unread}/") and state.st_mtime_ns <= written
            if state.st_size != expected["bytes"] or not (kept or _known_sha256(path) == expected["sha256"]):
                raise DamagedArtefactError(
                    f"{path} does not match the {CARD} beside it. Delete the folder {folder}; "
                    "the next run builds it again."
                )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedArtefactError(
            f"The model folder {folder} is incomplete ({error}). Delete it; the next run builds it again."
        ) from error
    return card


def publish_artefact(folder: Path, fill: Callable[[Path], dict[str, Any]]) -> Path:
    """Return `folder`, filled first if it is missing or damaged.

    `fill` writes the files into the empty folder it is given and returns the card. The list of files with sizes and
    SHA-256 is added here; of those that `fill` kept from another folder it returns that folder's list as `KEPT`. So
    damage that was not noticed before is not taken for what was written. The folder is written under a temporary name
    beside the final one, synced and renamed. If two processes call this, one fills and the other waits. The next call
    removes what a killed process left.

    Raises:
        HomeError: The disk is full.
    """
    if is_complete(folder):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock(folder.parent / f".{folder.name}.lock"):
        if is_complete(folder):
            return folder
        temporary = folder.parent / f".{folder.name}.partial"
        _remove(temporary)
        temporary.mkdir()
        try:
            with full_disk_told(folder.parent):
                card = fill(temporary)
                _write_card(temporary, card)
                _sync(temporary)
                with committing(folder):
                    _remove(folder)
                    temporary.rename(folder)
                    _sync_one(folder.parent)
        finally:
            _remove(temporary)
    return folder


def is_complete(folder: Path) -> bool:
    """Return whether a folder has all files that its card names as they were written."""
    if not folder.exists():
        return False
    try:
        read_card(folder)
    except DamagedArtefactError as error:
        _log.warning("Building %s again: %s", folder, error)
        return False
    return True


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    # The operating system releases the lock of a process that dies. The empty file stays: removing it would let two
    # processes lock two files of the same name.
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write_card(folder: Path, card: dict[str, Any]) -> None:
    kept = card.get(KEPT, {})
    names = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    files = {
        name: kept.get(name) or {"bytes": path.stat().st_size, "sha256": _known_sha256(path)}
        for name, path in names.items()
    }
    told = {key: value for key, value in card.items() if key != KEPT}
    text = json.dumps({**told, "files": files}, indent=2, ensure_ascii=False)
    (folder / CARD).write_text(text + "\n", encoding="utf-8")


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        _sync_one(path)
    _sync_one(folder)


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
