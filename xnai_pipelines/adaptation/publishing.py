"""A folder with folders in it that appears whole or not at all, with a card as other model artefacts have."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xnai_pipelines.artefacts import CARD, DamagedArtefactError, file_sha256, read_card


def publish_tree(folder: Path, fill: Callable[[Path], dict[str, Any]]) -> Path:
    """Return `folder`, filling it first where it is missing or damaged, as `publish_artefact` does for flat ones."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_complete(folder):
            return folder
        temporary = folder.parent / f".{folder.name}.partial"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        try:
            card = fill(temporary)
            files = {
                path.relative_to(temporary).as_posix(): {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
                for path in sorted(temporary.rglob("*"))
                if path.is_file()
            }
            text = json.dumps({**card, "files": files}, indent=2, ensure_ascii=False)
            (temporary / CARD).write_text(text + "\n", encoding="utf-8")
            for path in [*temporary.rglob("*"), temporary]:
                _sync(path)
            if folder.exists():
                shutil.rmtree(folder)
            temporary.rename(folder)
            _sync(folder.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _is_complete(folder: Path) -> bool:
    try:
        read_card(folder)
    except DamagedArtefactError:
        return False
    return True


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
