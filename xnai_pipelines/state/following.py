"""A home that follows another: it holds the releases that the other one shares, and serves the current one."""

import json
import uuid
from contextlib import suppress
from pathlib import Path, PurePosixPath

from xnai_pipelines.errors import DamagedArtefactError, HomeError
from xnai_pipelines.state.artefacts import CARD, file_sha256, publish_artefact, read_card
from xnai_pipelines.state.judgements import put_judgements
from xnai_pipelines.state.layout import Home, link_or_copy, remove, write_bytes, write_json
from xnai_pipelines.state.locks import FOLLOWS
from xnai_pipelines.state.sharing import DOCUMENTS, FILES, LIST, POINTER, RULES, SharedRelease, objects_at, read_list
from xnai_pipelines.state.table_place import TABLES

FOLDERS = ("index", "models", "adapters", "rerankers")
_TOPS = [(top,) for top in (*FOLDERS, "releases", "state", DOCUMENTS, TABLES, "home.json", "home_id")]


class Follower:
    """Brings a home in line with the releases shared at an address."""

    def __init__(self, home: Home, address: str) -> None:
        """Connect to nothing yet.

        Raises:
            MissingExtraError: The extra `s3` is not installed.
            HomeError: The home has a release of its own, which nothing may replace.
        """
        self._home, self._objects = home, objects_at(address)
        self._tag: str | None = None
        self._machine: str | None = None
        self._put: dict[str, int] = {}
        self._refuse_own_release()

    def catch_up(self) -> None:
        """Make the shared releases those of the home, the pointer last; what they no longer name is removed.

        The home is marked as a follower before anything is copied, and not if there is nothing to follow.

        Raises:
            HomeError: The store cannot be reached, nothing is shared there, or the home has a release of its own.
            DamagedArtefactError: A file does not match its card; the home serves what it had.
        """
        content, tag = self._objects.read_tagged(LIST)
        if content is None:
            raise HomeError(
                f"No release is shared at {self._objects.address}. Run `xnai run` with XNAI_LANCEDB_URI set to it."
            )
        if tag == self._tag:
            return
        shared = read_list(content, self._objects.address)
        _check_paths(shared)
        self._mark()
        for folder in shared.folders:
            self._fetch(folder, shared)
        (self._home.root / DOCUMENTS).mkdir(parents=True, exist_ok=True)
        for name in sorted(shared.texts, key=lambda name: name == POINTER):
            write_bytes(self._home.root / name, shared.texts[name].encode())
        self._remove_others(shared)
        self._tag = tag

    def put_judgements(self) -> None:
        """Put what people judged here where the home that runs finds it.

        Raises:
            HomeError: The store cannot be reached, or not be written.
        """
        if self._machine:  # the homes of earlier versions have none
            put_judgements(self._home, self._objects, self._machine, self._put)

    def _refuse_own_release(self) -> None:
        root = self._home.root
        if not (root / FOLLOWS).exists() and (self._home.releases / "current.json").exists():
            raise HomeError(
                f"{root} has a release of its own and cannot follow {self._objects.address}. Set XNAI_HOME to a new "
                "folder, or unset XNAI_FOLLOW."
            )

    def _mark(self) -> None:
        """Mark the home as one that follows: its runs are refused from now on."""
        self._refuse_own_release()  # a run may have made one while nothing was shared yet
        marker = self._home.root / FOLLOWS
        if not marker.exists():
            write_json(marker, {"address": self._objects.address, "machine": uuid.uuid4().hex})
        self._machine = json.loads(marker.read_bytes()).get("machine")

    def _fetch(self, folder: str, shared: SharedRelease) -> None:
        """Download a folder, unless it is there."""
        card, target = shared.folders[folder], self._home.root / folder

        def fill(empty: Path) -> dict[str, object]:
            here = _files_by_hash(target.parent)
            for name, file in card["files"].items():
                (empty / name).parent.mkdir(parents=True, exist_ok=True)
                known = here.get(file["sha256"])
                if known is not None and file_sha256(known) == file["sha256"]:
                    link_or_copy(known, empty / name)
                else:
                    self._objects.download(f"{FILES}/{file['sha256']}", empty / name)
            return {key: value for key, value in card.items() if key != "files"}

        publish_artefact(target, fill)
        if read_card(target) != card:
            remove(target)
            raise DamagedArtefactError(f"The files of {folder} at {self._objects.address} do not match their {CARD}.")

    def _remove_others(self, shared: SharedRelease) -> None:
        root = self._home.root
        if RULES not in shared.texts:
            remove(root / RULES)
        kept = {root / folder for folder in shared.folders}
        for top in FOLDERS:
            for folder in (root / top).glob("*/*" if top == "index" else "*"):
                if folder not in kept and (folder / CARD).exists():
                    remove(folder)


def _files_by_hash(folder: Path) -> dict[str, Path]:
    """Return the files of the folders in a folder by the SHA-256 that their cards say."""
    found: dict[str, Path] = {}
    for card in folder.glob(f"[!.]*/{CARD}"):
        with suppress(ValueError, KeyError):  # a damaged card names none
            files = json.loads(card.read_text(encoding="utf-8"))["files"]
            found |= {file["sha256"]: card.parent / name for name, file in files.items()}
    return {sha256: path for sha256, path in found.items() if path.is_file()}


def _check_paths(shared: SharedRelease) -> None:
    """Refuse what would be written outside of the home, or over what is not of a release."""
    files = [f"{folder}/{name}" for folder, card in shared.folders.items() for name in card["files"]]
    for name in (*shared.texts, *shared.folders, *files):
        path = PurePosixPath(name)
        if path.parts[:1] not in _TOPS or ".." in path.parts:
            raise HomeError(f"The list of the shared release names {name!r}, which is not a file of a release.")
