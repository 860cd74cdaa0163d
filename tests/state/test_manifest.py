"""The pointer names a whole manifest or the one before; what is damaged is named and not guessed."""

from dataclasses import replace
from pathlib import Path

import pytest

from xnai_pipelines.errors import ReleaseError
from xnai_pipelines.state import manifest
from xnai_pipelines.state.manifest import Move, MoveKind, Release, Releases, embeddings_table_name

FIRST = Release(
    release=1,
    created_at="2026-01-01T00:00:00+00:00",
    embeddings_table="embeddings_1_abc",
    table_versions={"documents": 3, "chunks": None},
    vector_space="abc",
    dimension=384,
    encoder="model",
    variant="fp32",
    adapter=None,
    questions=None,
    metrics={"ndcg": 0.5},
)
SECOND = replace(FIRST, release=2, embeddings_table="embeddings_2_def", vector_space="def")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "releases"


def test_before_the_first_release(folder: Path):
    releases = Releases(folder)
    assert releases.current() is None
    assert releases.all() == []
    assert releases.next_number() == 1
    with pytest.raises(ReleaseError, match="xnai run"):
        releases.require()


def test_a_release_is_read_back_whole_and_the_last_published_is_current(folder: Path):
    releases = Releases(folder)
    releases.publish(FIRST, "made for a test")
    releases.publish(SECOND, "made for a test")
    assert releases.current() == releases.require() == SECOND
    assert releases.all() == [FIRST, SECOND]
    assert releases.next_number() == 3


def test_numbers_are_counted_as_numbers_and_other_files_are_none(folder: Path):
    releases = Releases(folder)
    for number in (9, 10):
        releases.publish(replace(FIRST, release=number), "made for a test")
    (folder / "9.vector_index.json").write_text("{}")
    (folder / ".11.json.4711").write_text("{}")
    assert [release.release for release in releases.all()] == [9, 10]
    assert releases.next_number() == 11


def test_killed_before_the_pointer_moves_the_old_release_serves(folder: Path, monkeypatch: pytest.MonkeyPatch):
    releases = Releases(folder)
    releases.publish(FIRST, "made for a test")
    write = manifest.write_json

    def killed_at_the_pointer(path: Path, value: object) -> None:
        if path.name == "current.json":
            raise KeyboardInterrupt
        write(path, value)

    monkeypatch.setattr(manifest, "write_json", killed_at_the_pointer)
    with pytest.raises(KeyboardInterrupt):
        releases.publish(SECOND, "made for a test")
    assert releases.current() == FIRST
    assert releases.next_number() == 3


def test_a_first_release_that_was_cut_off_keeps_its_number(folder: Path):
    releases = Releases(folder)
    releases.publish(FIRST, "made for a test")
    for after_the_manifest in ("current.json", "moves.jsonl"):
        (folder / after_the_manifest).unlink()
    assert releases.current() is None
    assert releases.next_number() == 1


def test_a_lost_pointer_is_no_new_home_and_is_written_again_as_it_was(folder: Path):
    releases = Releases(folder)
    for release in (FIRST, SECOND):
        releases.publish(release, "made for a test")
    releases.roll_back(1, "asked for")
    (folder / "current.json").unlink()
    with pytest.raises(ReleaseError, match="xnai doctor --fix"):
        releases.current()
    assert releases.next_number() == 3
    releases.repair_pointer()
    assert releases.current() == FIRST
    assert releases.moves()[-1].kind is MoveKind.REPAIRED


@pytest.mark.parametrize("damage", ["", "{", "[]", "7", '{"release": 1}', '{"unknown": 2}'])
def test_a_damaged_manifest_is_named(folder: Path, damage: str):
    releases = Releases(folder)
    releases.publish(FIRST, "made for a test")
    (folder / "1.json").write_text(damage)
    with pytest.raises(ReleaseError, match=r"1\.json is damaged"):
        releases.current()


@pytest.mark.parametrize("damage", ["", "{", "[]", "7", '{"release": null}', '{"release": "x"}', "{}"])
def test_a_damaged_pointer_is_named(folder: Path, damage: str):
    releases = Releases(folder)
    releases.publish(FIRST, "made for a test")
    (folder / "current.json").write_text(damage)
    with pytest.raises(ReleaseError, match=r"current\.json is damaged"):
        releases.current()


def test_each_move_has_its_kind_whatever_its_reason_says(folder: Path):
    releases = Releases(folder)
    releases.publish(FIRST, "rolled back the tape")
    releases.publish(SECOND, "made for a test")
    releases.roll_back(1, "asked for")
    assert [(move.release, move.kind) for move in releases.moves()] == [
        (1, MoveKind.PUBLISHED),
        (2, MoveKind.PUBLISHED),
        (1, MoveKind.ROLLED_BACK),
    ]


def test_a_journal_of_version_0_1_and_one_of_a_later_version_are_read(folder: Path):
    folder.mkdir()
    (folder / "moves.jsonl").write_text(
        """
{"release": 1, "at": "2026-01-01T00:00:00+00:00", "reason": "embedded anew"}
{"release": 2, "at": "2026-01-02T00:00:00+00:00", "reason": "promoted over release 1"}
{"release": 1, "at": "2026-01-03T00:00:00+00:00", "reason": "rolled back from release 2"}
{"release": 2, "at": "2026-01-04T00:00:00+00:00", "kind": "rolled_back", "reason": "asked for", "who": "Ada"}
{"release": 3, "at": "2026-01-05T00:00:00+00:00", "kind": "of another version", "reason": "?"}
{"release": 3, "at": "2026-01"""
    )
    moves = Releases(folder).moves()
    kinds = [MoveKind.PUBLISHED, MoveKind.PUBLISHED, MoveKind.ROLLED_BACK, MoveKind.ROLLED_BACK]
    assert [(move.release, move.kind) for move in moves] == list(zip([1, 2, 1, 2], kinds, strict=True))
    assert moves[-1] == Move(2, "2026-01-04T00:00:00+00:00", MoveKind.ROLLED_BACK, "asked for")


def test_a_manifest_that_is_missing_is_named(folder: Path):
    releases = Releases(folder)
    releases.publish(FIRST, "made for a test")
    (folder / "1.json").unlink()
    with pytest.raises(ReleaseError, match="Release 1 does not exist"):
        releases.require()


def test_a_table_belongs_to_one_release_and_one_vector_space():
    names = {embeddings_table_name(number, space) for number in (1, 11) for space in ("a", "1_a")}
    assert len(names) == 4
