"""The backups in a place: blocks that are stored once, and a manifest of each backup.

Nothing is changed in place. A backup exists once its manifest does, which is written last; a process that is killed
before leaves blocks that the next backup uses or removes.
"""

import json
import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from xnai_pipelines.backups import backup as manifests
from xnai_pipelines.backups.backup import Backup, StoredFile
from xnai_pipelines.backups.places import BackupPlace
from xnai_pipelines.backups.retention import Retention, kept
from xnai_pipelines.backups.seal import Seal
from xnai_pipelines.errors import BackupDamagedError, BackupError, SettingsError

BLOCK_BYTES = 4 * 2**20
WRITTEN_AT_ONCE = 8  # each waits for the disk or the network

ABOUT = "repository.json"
BACKUPS, _BLOCKS = "backups", "blocks"
_CHECK = b"xnai backup key"
_ID = re.compile(r"\d{8}T\d{6}\.\d{3}Z")


@dataclass(frozen=True, slots=True)
class Removed:
    """What retention removed: backups, and bytes of blocks that no other backup names."""

    backups: tuple[str, ...]
    bytes: int


class Repository:
    """The backups in a place.

    Attributes:
        place: Where they lie.
        bytes_written: Bytes of new blocks.
    """

    def __init__(self, place: BackupPlace, seal: Seal) -> None:
        """Open the backups of a place, or prepare the place for its first.

        Raises:
            SettingsError: They are encrypted and no key is set, the reverse, or the key is another one.
            BackupDamagedError: The description of the place is damaged.
        """
        self.place, self._seal = place, seal
        self.bytes_written = 0
        self._sizes: dict[str, int] | None = None
        self._writers = ThreadPoolExecutor(WRITTEN_AT_ONCE, "backup")
        self._writing: deque[Future[None]] = deque()
        self._check_seal()

    def put(self, content: bytes) -> str:
        """Return the name of a block, stored if it is not yet, or if it is stored with another size."""
        name = self._seal.name(content)
        sizes = self._stored_sizes()
        if sizes.get(name) != len(content) + self._seal.overhead:
            stored = self._seal.close(name, content)
            if len(self._writing) == WRITTEN_AT_ONCE:
                self._writing.popleft().result()
            self._writing.append(self._writers.submit(self.place.write, _path(name), stored))
            sizes[name] = len(stored)
            self.bytes_written += len(stored)
        return name

    def holds(self, file: StoredFile) -> bool:
        """Return whether all blocks of a file are stored with the sizes that they had."""
        sizes, starts = self._stored_sizes(), range(0, file.bytes, BLOCK_BYTES)
        return len(starts) == len(file.blocks) and all(
            sizes.get(name) == min(BLOCK_BYTES, file.bytes - start) + self._seal.overhead
            for name, start in zip(file.blocks, starts, strict=True)
        )

    def block(self, name: str) -> bytes:
        """Return a block.

        Raises:
            BackupDamagedError: It is missing, cut off or changed.
        """
        stored = self.place.read(_path(name))
        if stored is None:
            raise BackupDamagedError(f"the block {_path(name)} is missing")
        content = self._seal.open(name, stored)
        if self._seal.name(content) != name:
            raise BackupDamagedError(f"the block {_path(name)} holds another content")
        return content

    def names_of(self, file: Path) -> tuple[str, ...]:
        """Return the names that the blocks of a file have."""
        with file.open("rb") as opened:
            return tuple(self._seal.name(content) for content in iter(lambda: opened.read(BLOCK_BYTES), b""))

    def discard_damaged(self, backup: Backup) -> int:
        """Remove the backup's blocks that cannot be read, so that the next backup stores them; return their number."""
        discarded = 0
        with self.place.alone():  # a backup that goes on may count on any of them
            for name in sorted(backup.blocks()):
                try:
                    self.block(name)
                except BackupDamagedError:
                    self.place.remove(_path(name))
                    discarded += 1
        return discarded

    def add(self, backup: Backup) -> None:
        """Store the manifest: from now on there is this backup."""
        while self._writing:
            self._writing.popleft().result()
        content = manifests.written(backup)
        name = f"{BACKUPS}/{backup.backup_id}"
        self.place.write(name, self._seal.close(name, content))
        self.bytes_written += len(content) + self._seal.overhead

    def ids(self) -> list[str]:
        """Return the ids of the backups, oldest first."""
        names = (name.removeprefix(f"{BACKUPS}/") for name in self.place.sizes(BACKUPS))
        return sorted(name for name in names if _ID.fullmatch(name))

    def read(self, backup_id: str) -> Backup:
        """Return a backup.

        Raises:
            BackupError: There is none of this id.
            BackupDamagedError: Its manifest is damaged; the message names it.
        """
        name = f"{BACKUPS}/{backup_id}"
        stored = self.place.read(name) if _ID.fullmatch(backup_id) else None
        if stored is None:
            raise BackupError(f"There is no backup {backup_id!r} in {self.place.address}. `xnai backups` lists them.")
        try:
            return manifests.read(self._seal.open(name, stored))
        except BackupDamagedError as error:
            raise BackupDamagedError(
                f"The backup {backup_id} in {self.place.address} cannot be used: {error}. Restore another: "
                "`xnai backups` lists them."
            ) from error

    def newest(self) -> Backup | None:
        """Return the newest backup whose manifest can be read, None if there is none."""
        return next(self.readable(), None)

    def readable(self) -> Iterator[Backup]:
        """Yield the backups whose manifests can be read, newest first."""
        for backup_id in reversed(self.ids()):
            try:
                yield self.read(backup_id)
            except BackupDamagedError:
                continue

    def prune(self, rules: Retention) -> Removed:
        """Remove the backups that the rules do not keep, then the blocks that no backup names.

        If a manifest that stays cannot be read, no block is removed: it may name any of them.
        """
        readable = {backup.backup_id: backup for backup in self.readable()}
        stays = kept(((one.backup_id, one.at) for one in readable.values()), rules)
        expired = tuple(sorted(readable.keys() - stays))
        for backup_id in expired:
            self.place.remove(f"{BACKUPS}/{backup_id}")
        if len(readable) < len(self.ids()) + len(expired):
            return Removed(expired, 0)
        named = {block for backup_id in stays for block in readable[backup_id].blocks()}
        sizes = self._stored_sizes()
        freed = 0
        for name in sorted(sizes.keys() - named):
            self.place.remove(_path(name))
            freed += sizes.pop(name)
        return Removed(expired, freed)

    def _stored_sizes(self) -> dict[str, int]:
        if self._sizes is None:
            self._sizes = {name.rsplit("/", 1)[1]: size for name, size in self.place.sizes(_BLOCKS).items()}
        return self._sizes

    def _check_seal(self) -> None:
        stored = self.place.read(ABOUT)
        if stored is None:
            return
        try:
            about = json.loads(stored)
            scheme, check = str(about["encryption"]), str(about["check"])
        except (ValueError, KeyError, TypeError) as error:
            raise BackupDamagedError(
                f"{self.place.address}/{ABOUT} is damaged ({error!r}). Delete it: the next backup with the same key "
                "writes it again."
            ) from error
        if scheme != self._seal.scheme:
            how = "are not encrypted" if scheme == "none" else "are encrypted"
            what = "Unset the key" if scheme == "none" else "Set XNAI_BACKUP_KEY_FILE to the file of their key"
            raise SettingsError(f"The backups in {self.place.address} {how}. {what}, or name another place.")
        if check != self._seal.name(_CHECK):
            raise SettingsError(
                f"The backups in {self.place.address} were made with another key. Set XNAI_BACKUP_KEY_FILE to it."
            )

    def prepare(self) -> None:
        """Describe the place before its first backup."""
        if self.place.read(ABOUT) is None:
            about = {"encryption": self._seal.scheme, "check": self._seal.name(_CHECK)}
            self.place.write(ABOUT, json.dumps(about, indent=2).encode())


def _path(name: str) -> str:
    return f"{_BLOCKS}/{name[:2]}/{name}"
