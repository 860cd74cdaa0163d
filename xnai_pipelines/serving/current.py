"""The release that answers: opened once, and again in the background after a run, a promotion or a change of rules."""

import gc
import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.policy import refusal_policy
from xnai_pipelines.answers.refusal import RefusalPolicy
from xnai_pipelines.documents.listing import ACCESS_FILE
from xnai_pipelines.errors import AccessRulesError, ReleaseError, XnaiError
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.serving.access import AccessRules, read_access_rules
from xnai_pipelines.state.claim import recorded_inputs
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases

READERS = 64  # combinations of groups whose filters are kept


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a served state was made of: pointer, manifest, index files and access rules, by name and time."""

    files: tuple[tuple[str, int], ...]

    @property
    def digest(self) -> str:
        """A hash of it, the same in every process that serves the home in this state."""
        return hashlib.sha256(repr(self.files).encode()).hexdigest()[:32]


@dataclass(eq=False)
class Served:
    """One state of one release. A request keeps the state that it began with."""

    passages: Passages
    refusal: RefusalPolicy
    rules: AccessRules
    stamp: Stamp
    _readers: OrderedDict[frozenset[str], Passages] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def index(self) -> SearchIndex:
        """The index of all passages."""
        return self.passages.index

    def for_groups(self, groups: frozenset[str]) -> Passages:
        """Return the passages that a caller in these groups may read. Every route reaches the index through here."""
        if not self.rules.rules:
            return self.passages
        with self._lock:
            found = self._readers.get(groups)
        if found is None:
            found = self.passages.for_reader(self.rules.reader(groups))
        with self._lock:
            self._readers[groups] = found
            self._readers.move_to_end(groups)
            if len(self._readers) > READERS:
                self._readers.popitem(last=False)
        return found


class CurrentRelease:
    """The state that is served. A state that cannot be opened leaves the one before in place, and is named."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._served: Served | None = None
        self._failure: XnaiError | None = None
        self._lock = threading.Lock()

    @property
    def served(self) -> Served:
        """The state that a request begins with.

        Raises:
            XnaiError: There is none; the error of the last attempt to open one.
        """
        served = self.newest
        if served is None:
            raise self._failure or ReleaseError("The release is being opened. Ask again in a moment.")
        return served

    @property
    def newest(self) -> Served | None:
        """The state that is served, None if there is none."""
        return self._served

    @property
    def failure(self) -> str | None:
        """Why the newest state could not be opened, None if it could."""
        return None if self._failure is None else str(self._failure)

    def refresh(self) -> None:
        """Open what is current if it is not what is served."""
        with self._lock:
            try:
                stamp = self._stamp()
                if self._served is None or self._served.stamp != stamp:
                    self._served = self._opened(stamp)
                    gc.collect()  # LanceDB's errors are in cycles with their callers, which hold the state before
                self._failure = None
            except XnaiError as error:
                self._failure = error
                if isinstance(error, AccessRulesError):
                    self._served = None  # who may read what is not known: nobody is served

    def _opened(self, stamp: Stamp) -> Served:
        rules = self._rules()
        encoder = None if self._served is None else self._served.index.encoder
        index = SearchIndex.open(self._home.root, encoder=encoder)
        return Served(Passages(index, self._home), refusal_policy(self._home, index.release), rules, stamp)

    def _rules(self) -> AccessRules:
        inputs = recorded_inputs(self._home)
        return AccessRules() if inputs is None else read_access_rules(inputs.documents)

    def _stamp(self) -> Stamp:
        releases = self._home.releases
        release = Releases(releases).require()
        inputs = recorded_inputs(self._home)
        watched = [
            releases / "current.json",
            releases / f"{release.release}.json",
            *sorted((self._home.index / release.embeddings_table).glob("*")),
            *([inputs.documents / ACCESS_FILE] if inputs else []),
        ]
        return Stamp(tuple((str(path), _changed_at(path)) for path in watched))


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
