"""The release that answers: opened once, and again in the background after a run, a promotion or a change of rules."""

import gc
import hashlib
import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property

from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.policy import refusal_policy
from xnai_pipelines.answers.refusal import RefusalPolicy
from xnai_pipelines.errors import AccessRulesError, UnavailableError, XnaiError
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.serving.access import NO_RULES, AccessRules, read_access_rules
from xnai_pipelines.state.claim import ACCESS_FILE, recorded_inputs
from xnai_pipelines.state.following import Follower
from xnai_pipelines.state.layout import FileStamp, Home, stamp_of
from xnai_pipelines.state.manifest import Releases

_log = logging.getLogger(__name__)

READERS = 64  # combinations of groups whose filters are kept


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a served state was made of.

    Attributes:
        files: Pointer, manifest and index files, by name and stamp.
        rules: Digest of the access rules.
    """

    files: tuple[tuple[str, FileStamp], ...]
    rules: str

    @property
    def digest(self) -> str:
        """A hash of it, the same in every process that serves the home in this state."""
        return hashlib.sha256(repr((self.files, self.rules)).encode()).hexdigest()[:32]


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

    def under(self, rules: AccessRules) -> "Served":
        """Return the same passages under other rules."""
        return Served(self.passages, self.refusal, rules, Stamp(self.stamp.files, rules.digest))

    def named(self, groups: frozenset[str]) -> frozenset[str]:
        """Return those of a caller's groups that the rules name. Others, such as an issuer's, decide nothing."""
        return groups & self._named

    @cached_property
    def _named(self) -> frozenset[str]:
        return frozenset().union(*(rule.groups for rule in self.rules.rules))

    def for_groups(self, groups: frozenset[str]) -> Passages:
        """Return the passages that a caller in these groups may read. Every route reaches the index through here."""
        groups = self.named(groups)
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

    def __init__(self, home: Home, follower: Follower | None = None) -> None:
        self._home = home
        self._follower = follower
        self._served: Served | None = None
        self._rules = NO_RULES
        self._failure: str | None = None
        self._kept: str | None = None  # why judgements are on this machine alone
        self._lock = threading.Lock()

    @property
    def served(self) -> Served:
        """The state that a request begins with.

        Raises:
            UnavailableError: There is none; the message is that of the last attempt to open one.
        """
        served = self.newest
        if served is None:
            raise UnavailableError(self._failure or "The release is being opened. Ask again in a moment.")
        return served

    @property
    def newest(self) -> Served | None:
        """The state that is served, None if there is none."""
        return self._served

    @property
    def failure(self) -> str | None:
        """Why the newest state could not be opened, None if it could."""
        return self._failure

    def refresh(self) -> None:
        """Serve what is current. What fails is logged and kept as the failure; the next call tries again."""
        with self._lock:
            try:
                if self._follower is not None:
                    self._catch_up(self._follower)
                self._follow()
                self._failure = None
            except Exception as error:  # noqa: BLE001  one that ended the watch would keep old rules in place
                is_expected = isinstance(error, XnaiError)
                failure = str(error) if is_expected else f"{type(error).__name__}: {error}"
                if failure != self._failure:
                    _log.error("The newest state cannot be served. %s", failure, exc_info=not is_expected)
                self._failure = failure

    def _catch_up(self, follower: Follower) -> None:
        try:
            follower.catch_up()
        except XnaiError:
            if Releases(self._home.releases).current() is not None:
                self._follow()  # what was copied before
            raise
        try:
            follower.put_judgements()
            self._kept = None
        except XnaiError as error:
            if str(error) != self._kept:
                _log.warning("Judgements stay on this machine. %s", error)
            self._kept = str(error)

    def _follow(self) -> None:
        try:
            rules = self._rules = self._read_rules()
        except Exception:
            self._served = None  # who may read what is not known: nobody is served
            raise
        if self._served is not None and self._served.rules is not rules:
            self._served = self._served.under(rules)  # first: what follows takes longer, and may fail
        files = self._files()
        if self._served is None or self._served.stamp.files != files:
            self._served = self._opened(rules, files)
            gc.collect()  # LanceDB's errors are in cycles with their callers, which hold the state before

    def _opened(self, rules: AccessRules, files: tuple[tuple[str, FileStamp], ...]) -> Served:
        encoder = None if self._served is None else self._served.index.encoder
        index = SearchIndex.open(self._home.root, encoder=encoder)
        policy = refusal_policy(self._home, index.release)
        return Served(Passages(index, self._home), policy, rules, Stamp(files, rules.digest))

    def _read_rules(self) -> AccessRules:
        inputs = recorded_inputs(self._home)
        if inputs is None:
            Releases(self._home.releases).require()  # a home without either is new, and has nothing to serve
            raise AccessRulesError(
                f"{self._home.root / 'home.json'} is missing, so the documents folder and its access rules are "
                "unknown. Set XNAI_DOCUMENTS to the folder that this home was made from and run `xnai run`."
            )
        rules = read_access_rules(inputs.documents, self._rules, closed=self._served is None)
        if self._rules.rules and not rules.rules:  # as for a moment in a checkout: it must not open what was closed
            raise AccessRulesError(
                f"The access rules were removed. Restore {ACCESS_FILE}. If everyone may read everything, "
                'write `"*": [everyone]` into it, or restart the service.'
            )
        return rules

    def _files(self) -> tuple[tuple[str, FileStamp], ...]:
        releases = self._home.releases
        release = Releases(releases).require()
        watched = [
            releases / "current.json",
            releases / f"{release.release}.json",
            # hidden names are locks, and files that are being made
            *sorted((self._home.index / release.embeddings_table).glob("[!.]*")),
        ]
        return tuple((str(path), stamp_of(path)) for path in watched)
