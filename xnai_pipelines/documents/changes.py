"""What a run has to do: compares the folder's listing with the ledger of files read before. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xnai_pipelines.documents.identity import source_name
from xnai_pipelines.documents.listing import FileStat, Listing

# A file written at the moment it was read may change again with the same size and time (coarse clocks, tools
# that preserve times). Such files are hashed again, as git does for its index.
RACY_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A file as it was last read. `outcome` is documents, quarantined or skipped."""

    outcome: str
    content_sha256: str
    parser: str
    size_bytes: int
    modified_ns: int
    read_ns: int
    documents: int

    def describes(self, stat: FileStat) -> bool:
        """Return whether size and times show that the file is the one that was read.

        A file with the size and time of another, such as one that swapped its name with it, has changed since.
        """
        unmoved = self.size_bytes == stat.size_bytes and self.modified_ns == stat.modified_ns
        return unmoved and self.modified_ns < self.read_ns - RACY_NS and stat.changed_ns < self.read_ns


@dataclass(frozen=True, slots=True)
class Changes:
    """The paths of a folder by what a run does with them. Each path is in one group.

    Attributes:
        new: Files read for the first time.
        edited: Files with other content than before.
        touched: Files with another time and the same content.
        reparse: Unchanged files whose parser has changed.
        retry: Files in quarantine that this run reads again, and those whose name another file has given up.
        unchanged: Files with nothing to do.
        deleted: Files that are gone.
        renamed: Pairs of a new path and the vanished path with the same content.
    """

    new: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    touched: tuple[str, ...] = ()
    reparse: tuple[str, ...] = ()
    retry: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()

    @property
    def to_read(self) -> tuple[str, ...]:
        """The paths to parse, sorted."""
        renamed = tuple(path for path, _ in self.renamed)
        return tuple(sorted(self.new + self.edited + self.reparse + self.retry + renamed))

    @property
    def gone(self) -> tuple[str, ...]:
        """The paths whose documents are deleted."""
        return self.deleted + tuple(old for _, old in self.renamed)

    def counts(self) -> dict[str, int]:
        """Return the number of files in each group."""
        return {
            "new": len(self.new),
            "edited": len(self.edited) + len(self.reparse),
            "renamed": len(self.renamed),
            "deleted": len(self.deleted),
            "unchanged": len(self.unchanged) + len(self.touched),
            "to_retry": len(self.retry),
        }


def classify(
    listing: Listing,
    ledger: Mapping[str, LedgerEntry],
    is_current: Callable[[str], bool],
    sha256_of: Callable[[str], str | None],
    *,
    verify: bool = False,
    retry_quarantined: bool = False,
) -> Changes:
    """Return what has to be done.

    Args:
        listing: The folder as it is now.
        ledger: Files read before, by path.
        is_current: Whether what read a file, as the ledger names it, would read it the same way today.
        sha256_of: Hash of a file, None if it is gone by now. Called only for files that look edited, for new files
            of a vanished file's size, and for all files if `verify` is set.
        verify: Hash every file.
        retry_quarantined: Read files in quarantine again.
    """
    groups: dict[str, list[str]] = {name: [] for name in Changes.__dataclass_fields__}
    vanished = [path for path in ledger if path not in listing.files and not listing.is_unknown(path)]
    freed = {source_name(path) for path in vanished}
    for path, stat in listing.files.items():
        known = ledger.get(path)
        if known is None:
            groups["new"].append(path)
        elif freed and source_name(path) in freed:
            groups["retry"].append(path)  # the vanished file had the same name in other bytes, so only it was kept
        elif not verify and known.describes(stat):
            groups[_of_unchanged(known, is_current, retry_quarantined)].append(path)
        elif (
            known.size_bytes != stat.size_bytes
            or not known.content_sha256  # large, and not of a format that is read
            or sha256_of(path) != known.content_sha256
        ):
            groups["edited"].append(path)
        else:
            group = _of_unchanged(known, is_current, retry_quarantined)
            groups["touched" if group == "unchanged" else group].append(path)
    renamed = _renames(groups["new"], vanished, listing=listing, ledger=ledger, sha256_of=sha256_of)
    found = {path for pair in renamed for path in pair}
    groups["new"] = [path for path in groups["new"] if path not in found]
    groups["deleted"] = [path for path in vanished if path not in found]
    return Changes(**{**{name: tuple(paths) for name, paths in groups.items()}, "renamed": renamed})  # type: ignore[arg-type]


def _of_unchanged(known: LedgerEntry, is_current: Callable[[str], bool], retry_quarantined: bool) -> str:
    if not is_current(known.parser):
        return "reparse"
    return "retry" if retry_quarantined and known.outcome == "quarantined" else "unchanged"


def _renames(
    new: list[str],
    vanished: list[str],
    *,
    listing: Listing,
    ledger: Mapping[str, LedgerEntry],
    sha256_of: Callable[[str], str | None],
) -> tuple[tuple[str, str], ...]:
    """Return the pairs of a new and a vanished path with the same content. A path is in at most one pair."""
    sizes = {ledger[path].size_bytes for path in vanished}
    by_content: dict[str, list[str]] = {}
    for path in sorted(vanished, reverse=True):
        by_content.setdefault(ledger[path].content_sha256, []).append(path)
    pairs = []
    for path in sorted(new):
        if listing.files[path].size_bytes in sizes:
            candidates = by_content.get(sha256_of(path) or "", [])
            if candidates:
                pairs.append((path, candidates.pop()))
    return tuple(pairs)


@dataclass(frozen=True, slots=True)
class VanishGuard:
    """Refuses a run that would delete more than `share` of the documents and more than `count` documents."""

    share: float
    count: int

    def objection(self, vanishing: int, stored: int) -> str | None:
        """Return why so many deletions are refused, None if they are allowed."""
        if vanishing <= self.count or vanishing <= self.share * stored:
            return None
        return (
            f"{vanishing} of {stored} documents would be deleted: more than {100 * self.share:.3g} % and more than "
            f"{self.count} (XNAI_VANISH_SHARE, XNAI_VANISH_COUNT). Is the folder mounted and complete? If the deletion "
            "is intended, run `xnai run --allow-vanishing`, or set allow_vanishing on the asset documents."
        )
