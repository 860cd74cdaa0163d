"""LanceDB at the edge: where a home's tables are, opened one by one, and commits that are atomic.

A commit is undone if a file of it was cut off, and refused if another process has taken over as the home's writer.
"""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from xnai_pipelines.errors import HomeError, TableError
from xnai_pipelines.state.fence import committing
from xnai_pipelines.state.lance_files import TableVersion, newest_version, table_folders, undo_lost, version_before
from xnai_pipelines.state.lancedb_import import imported_lancedb
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.rights import forbidden
from xnai_pipelines.state.table_place import Bucket, place_of

_log = logging.getLogger(__name__)


class TableStore:
    """The tables of a home, in LanceDB. Their folder is made with the first table; reading makes nothing.

    `committed` is called after every commit; tests use it to kill the process there.
    """

    def __init__(
        self, place: Path | Bucket, committed: Callable[[], None] = lambda: None, *, root: Path | None = None
    ) -> None:
        """Open the tables.

        Args:
            place: Where they lie.
            committed: Called after every commit.
            root: Folder of the home whose writer may write them; None if nobody asks.
        """
        self.place = place
        self._committed = committed
        self._root = root

    @classmethod
    def of(cls, home: Home, committed: Callable[[], None] = lambda: None) -> Self:
        """Return the tables of a home, wherever they lie."""
        return cls(place_of(home), committed, root=home.root)

    @cached_property
    def _database(self) -> Any:
        lancedb = imported_lancedb()  # importing it takes a second: not before a table is read
        if isinstance(self.place, Path):
            try:
                self.place.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise TableError(
                    f"The tables' folder {self.place} cannot be written ({error.strerror}). Make it writable, or set "
                    "XNAI_HOME to a writable folder."
                ) from error
            if not os.access(self.place, os.R_OK | os.X_OK):  # LanceDB would find no table there
                raise forbidden(self.place)
            return lancedb.connect(str(self.place))
        try:
            return lancedb.connect(self.place.address, storage_options=self.place.options())
        except (ValueError, RuntimeError) as error:
            raise self.place.unreachable(error) from error

    @contextmanager
    def commit(self, name: str) -> Iterator[None]:
        """Run the block, which is one commit to a table, unless another process has taken over as the home's writer.

        Raises:
            HomeError: Another process has; or a file of the commit was cut off, and the commit was undone.
        """
        with committing(self._root) if self._root else nullcontext():
            before = self._newest(name)
            try:
                yield
            except Exception:  # LanceDB may have committed a part
                self._undo_lost(name, before)
                raise
            if lost := self._undo_lost(name, before):
                raise HomeError(
                    f"{lost} was cut off as it was written: the disk is full, or a limit on the size of files was "
                    "reached. The commit was undone. Free some space and run again."
                )
        self._committed()

    def names(self) -> list[str]:
        """Return the names of the tables that exist."""
        if self._is_missing():
            return []
        names: list[str] = []
        token: str | None = None
        while True:
            page = self._database.list_tables(page_token=token, limit=100)
            names += page.tables
            token = page.page_token
            if not token:
                return [name for name in names if self.find(name) is not None]

    def open(self, name: str) -> Any:
        """Return LanceDB's table at its latest version.

        Raises:
            TableError: There is no table of that name.
        """
        table = self.find(name)
        if table is None:
            raise TableError(f"Table {name} does not exist in {self.place}. `xnai run` makes it.")
        return table

    def find(self, name: str) -> Any | None:
        """Return the table; None if there is none, or only the folder of one whose creation was cut off.

        Raises:
            TableError: The table is damaged.
            HomeError: The object store cannot be reached.
        """
        if self._is_missing():
            return None
        try:
            return self._database.open_table(name)
        except (ValueError, FileNotFoundError):
            return None
        except RuntimeError as error:
            if isinstance(self.place, Bucket):
                raise self.place.unreachable(error) from error
            raise TableError(
                f"Table {name} in {self.place} cannot be opened ({error}). `xnai doctor` says what can be done."
            ) from error

    def _is_missing(self) -> bool:
        """Return whether the folder of the tables is still to be made; one that cannot be looked at is not."""
        with suppress(PermissionError):
            return isinstance(self.place, Path) and not self.place.exists()
        return False

    def undo_unchecked(self) -> None:
        """Undo each table's last commit if it lost a file and its process was killed before it looked.

        Only for the home's writer: another process's commit may not have been checked yet.
        """
        for folder in table_folders(self.place) if isinstance(self.place, Path) else ():
            try:
                before = version_before(folder)
                lost = undo_lost(folder, before) if before else None
            except TableError:  # who reads the table is told
                continue
            if lost:
                _log.warning("The last commit to table %s was undone: its file %s was cut off.", folder.stem, lost)

    def _newest(self, name: str) -> TableVersion | None:
        """Return a local table's newest version; None if it has none, or is in an object store."""
        try:
            return newest_version(self.place / f"{name}.lance") if isinstance(self.place, Path) else None
        except (FileNotFoundError, TableError):
            return None

    def _undo_lost(self, name: str, before: TableVersion | None) -> Path | None:
        """Undo the commits since a version if they lost a file; an object is stored whole or not at all."""
        if before is None or not isinstance(self.place, Path):
            return None
        folder = self.place / f"{name}.lance"
        lost = undo_lost(folder, before)
        return folder / lost if lost else None
