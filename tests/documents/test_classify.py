"""Every file of the folder and of the ledger is put into the one group that says what a run does with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xnai_pipelines.documents.changes import Changes, LedgerEntry, VanishGuard, classify
from xnai_pipelines.documents.listing import FileStat, Listing

SECOND = 10**9
READ = 1_000 * SECOND


def entry(content: str, modified: int = 10, outcome: str = "documents", parser: str = "plain@1") -> LedgerEntry:
    return LedgerEntry(outcome, content, parser, len(content), modified * SECOND, READ, 1)


class Folder:
    """Files by path: content and time in seconds. Counts which ones were hashed."""

    def __init__(self, **files: tuple[str, int]) -> None:
        self.files = files
        self.hashed: list[str] = []
        self.vanishing: set[str] = set()

    def listing(self, **unlisted: str) -> Listing:
        stats = {p: FileStat(len(content), time * SECOND) for p, (content, time) in self.files.items()}
        return Listing(stats, {}, unlisted)

    def sha256_of(self, path: str) -> str | None:
        self.hashed.append(path)
        return None if path in self.vanishing else self.files[path][0]


def classified(folder: Folder, ledger: dict[str, LedgerEntry], **options: bool) -> Changes:
    return classify(folder.listing(), ledger, "plain@1".__eq__, folder.sha256_of, **options)


def test_a_new_file_is_not_hashed_without_a_vanished_one_of_its_size():
    folder = Folder(a=("abc", 10))
    assert classified(folder, {}) == Changes(new=("a",))
    assert classified(folder, {"b": entry("abcd")}) == Changes(new=("a",), deleted=("b",))
    assert folder.hashed == []


def test_size_and_time_settle_what_is_unchanged():
    folder = Folder(a=("abc", 10))
    assert classified(folder, {"a": entry("abc")}) == Changes(unchanged=("a",))
    assert folder.hashed == []


def test_another_size_is_an_edit_without_hashing_and_another_time_only_with_another_content():
    folder = Folder(a=("abcd", 10), b=("xyz", 11), c=("abc", 11))
    ledger = {"a": entry("abc"), "b": entry("abc"), "c": entry("abc")}
    assert classified(folder, ledger) == Changes(edited=("a", "b"), touched=("c",))
    assert folder.hashed == ["b", "c"]


@pytest.mark.parametrize(
    ("modified", "group"), [(997, "unchanged"), (998, "edited"), (1_000, "edited"), (1_005, "edited")]
)
def test_a_file_written_when_it_was_read_is_hashed(modified: int, group: str):
    folder = Folder(a=("new", modified))
    changes = classified(folder, {"a": entry("old", modified)})
    assert getattr(changes, group) == ("a",)


@pytest.mark.parametrize(("changed", "group"), [(999, "unchanged"), (1_000, "edited"), (1_001, "edited")])
def test_a_file_that_was_put_in_the_place_of_another_of_its_size_and_time_is_hashed(changed: int, group: str):
    listing = Listing({"a": FileStat(3, 10 * SECOND, changed * SECOND)})
    changes = classify(listing, {"a": entry("old")}, "plain@1".__eq__, lambda path: "new")
    assert getattr(changes, group) == ("a",)


def test_verify_hashes_every_known_file():
    folder = Folder(a=("new", 10), b=("abc", 10), c=("abc", 10))
    ledger = {"a": entry("old"), "b": entry("abc")}
    assert classified(folder, ledger, verify=True) == Changes(new=("c",), edited=("a",), touched=("b",))
    assert folder.hashed == ["a", "b"]


def test_a_parser_that_changed_reads_its_unchanged_and_touched_files_again():
    folder = Folder(a=("abc", 10), b=("abc", 11), c=("abc", 10))
    ledger = {"a": entry("abc", parser="plain@0"), "b": entry("abc", parser="plain@0"), "c": entry("abc")}
    changes = classified(folder, ledger)
    assert changes == Changes(reparse=("a", "b"), unchanged=("c",))
    assert changes.counts()["edited"] == 2


def test_quarantined_files_are_tried_again_on_request_alone():
    folder = Folder(a=("abc", 10), b=("abc", 10))
    ledger = {"a": entry("abc", outcome="quarantined"), "b": entry("abc")}
    assert classified(folder, ledger) == Changes(unchanged=("a", "b"))
    assert classified(folder, ledger, retry_quarantined=True) == Changes(retry=("a",), unchanged=("b",))


def test_a_rename_pairs_each_path_once():
    folder = Folder(n1=("abc", 10), n2=("abc", 10), n3=("xyz", 10))
    ledger = {"o1": entry("abc"), "o2": entry("xyz"), "o3": entry("uvw")}
    changes = classified(folder, ledger)
    assert changes == Changes(new=("n2",), deleted=("o3",), renamed=(("n1", "o1"), ("n3", "o2")))
    assert changes.to_read == ("n1", "n2", "n3")
    assert sorted(changes.gone) == ["o1", "o2", "o3"]


def test_a_copy_is_no_rename():
    folder = Folder(a=("abc", 10), b=("abc", 10))
    assert classified(folder, {"a": entry("abc")}) == Changes(new=("b",), unchanged=("a",))


def test_swapped_names_are_two_edits_where_size_or_time_differ():
    folder = Folder(a=("content of b", 20), b=("content of a", 10))
    ledger = {"a": entry("content of a", 10), "b": entry("content of b", 20)}
    assert classified(folder, ledger) == Changes(edited=("a", "b"))


def test_a_file_that_vanishes_while_it_is_hashed_is_left_to_the_reading():
    folder = Folder(a=("abc", 11), b=("xyz", 10))
    folder.vanishing = {"a", "b"}
    assert classified(folder, {"a": entry("abc"), "c": entry("xyz")}) == Changes(
        new=("b",), edited=("a",), deleted=("c",)
    )


def test_a_file_that_could_not_be_opened_is_read_again_and_never_taken_for_a_rename():
    unread = LedgerEntry("quarantined", "", "plain@1", -1, -1, READ, 0)
    assert classified(Folder(a=("", 10)), {"a": unread}) == Changes(edited=("a",))
    folder = Folder(b=("", 10))
    folder.vanishing = {"b"}
    assert classified(folder, {"a": unread}) == Changes(new=("b",), deleted=("a",))


def test_what_lies_where_nothing_could_be_listed_is_not_deleted():
    ledger = {"sub/a": entry("abc"), "sub/deep/b": entry("abc"), "subway": entry("abc"), "x": entry("abc")}
    listing = Listing({}, {}, {"sub/": "cannot be listed", "x": "cannot be inspected"})
    changes = classify(listing, ledger, "plain@1".__eq__, lambda _: None)
    assert changes == Changes(deleted=("subway",))


PATHS = st.sampled_from("abcdefgh")
CONTENTS = st.sampled_from(["", "one", "two", "three"])


@given(
    st.dictionaries(PATHS, st.tuples(CONTENTS, st.integers(5, 12))),
    st.dictionaries(PATHS, st.tuples(CONTENTS, st.integers(5, 12))),
    st.booleans(),
)
def test_each_path_stands_in_one_group_and_to_read_is_enough(now, before, verify):
    folder = Folder(**now)
    ledger = {path: entry(content, time) for path, (content, time) in before.items()}
    changes = classified(folder, ledger, verify=verify)

    groups = [getattr(changes, name) for name in Changes.__dataclass_fields__ if name != "renamed"]
    paths = [path for group in groups for path in group] + [path for pair in changes.renamed for path in pair]
    assert len(paths) == len(set(paths))
    assert set(paths) == now.keys() | before.keys()
    assert sum(changes.counts().values()) == len(paths) - len(changes.renamed)
    assert set(changes.gone) == before.keys() - now.keys()
    for path in now.keys() - set(changes.to_read):
        same_by_sight = (len(now[path][0]), now[path][1]) == (len(before[path][0]), before[path][1])
        assert now[path][0] == before[path][0] or (same_by_sight and not verify)
    for new, old in changes.renamed:
        assert now[new][0] == before[old][0]


@pytest.mark.parametrize(
    ("vanishing", "stored", "refused"),
    [
        (20, 20, False),
        (21, 21, True),
        (21, 70, False),
        (21, 69, True),
        (0, 0, False),
        (300, 1_000, False),
        (301, 1_000, True),
    ],
)
def test_the_guard_objects_above_both_its_limits(vanishing: int, stored: int, refused: bool):
    objection = VanishGuard(0.3, 20).objection(vanishing, stored)
    assert (objection is not None) == refused
    if objection:
        assert f"{vanishing} of {stored}" in objection
        assert "--allow-vanishing" in objection
