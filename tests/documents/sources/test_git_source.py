"""A repository is read at a ref, blob by blob, and nothing in it runs."""

from pathlib import Path

import pytest

from tests.support.repository import Repository
from xnai_pipelines.documents.sources.git import GitSource
from xnai_pipelines.documents.sources.mirror import Mirror, MirrorRecord, synchronise
from xnai_pipelines.documents.sources.specs import GitSpec


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def sync(tmp_path: Path, repository: Repository, **options: str) -> tuple[Mirror, MirrorRecord]:
    mirror = Mirror(tmp_path / "mirror")
    spec = GitSpec(kind="git", name="handbook", prefix="handbook", url=options.pop("url", repository.url), **options)
    return mirror, synchronise(mirror, GitSource(spec, mirror.work), max_bytes=10_000)


def test_a_ref_is_mirrored_with_its_commit_and_only_changed_files_are_fetched(tmp_path: Path, repository: Repository):
    first = repository.commit({"a.md": "one", "docs/b ü.md": "two", "empty.md": ""})
    mirror, record = sync(tmp_path, repository)
    assert (record.revision, record.fetched, record.trouble) == (first, 3, None)
    assert (mirror.files / "docs/b ü.md").read_text() == "two"
    assert record.files["a.md"].origin == f"{repository.url}@{first[:12]}:a.md"

    second = repository.commit({"a.md": "ONE"})
    (repository.folder / "empty.md").unlink()
    third = repository.commit({})
    mirror, record = sync(tmp_path, repository)
    assert (record.revision, record.fetched, record.removed) == (third, 1, 1)
    assert (mirror.files / "a.md").read_text() == "ONE"
    assert second != third
    assert sync(tmp_path, repository)[1].fetched == 0


def test_a_tag_a_folder_and_a_rewritten_branch(tmp_path: Path, repository: Repository):
    repository.commit({"docs/a.md": "old", "src/x.py": "x"})
    repository.git("tag", "-a", "v1", "-m", "v1")
    repository.commit({"docs/a.md": "new"})
    mirror, record = sync(tmp_path, repository, ref="v1", folder="docs")
    assert list(record.files) == ["a.md"]
    assert (mirror.files / "a.md").read_text() == "old"
    repository.git("commit", "--quiet", "--amend", "--message=rewritten")
    mirror, record = sync(tmp_path, repository, ref="main", folder="docs")
    assert (mirror.files / "a.md").read_text() == "new"


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"ref": "nope"}, "nope"), ({"folder": "nope"}, "nope"), ({"url": "file:///nowhere/at/all"}, "nowhere")],
)
def test_a_repository_that_cannot_be_read_removes_nothing(
    tmp_path: Path, repository: Repository, options: dict[str, str], reason: str
):
    repository.commit({"a.md": "one"})
    sync(tmp_path, repository)
    mirror, record = sync(tmp_path, repository, **options)
    assert reason in (record.trouble or "")
    assert (mirror.files / "a.md").exists()


def test_links_submodules_and_large_file_pointers_are_named_and_not_followed(tmp_path: Path, repository: Repository):
    (repository.folder / "link.md").symlink_to("/etc/passwd")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"
    commit = repository.commit({"a.md": "one", "big.md": pointer})
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},module")
    repository.git("commit", "--quiet", "--message=module")
    _, record = sync(tmp_path, repository)
    assert set(record.files) == {"a.md"}
    assert set(record.failed) == {"big.md"}
    assert sum(record.skipped.values()) == 2
    assert "Git LFS" in record.failed["big.md"]


def test_a_fetch_that_was_killed_leaves_no_lock_behind(tmp_path: Path, repository: Repository):
    repository.commit({"a.md": "one"})
    mirror, _ = sync(tmp_path, repository)
    repository.commit({"a.md": "two"})
    (mirror.work / "repository/shallow.lock").touch()
    (mirror.work / "repository/refs/xnai/current.lock").touch()
    assert sync(tmp_path, repository)[1].fetched == 1


def test_a_token_goes_to_the_host_of_the_url_and_into_no_argument(tmp_path: Path):
    spec = GitSpec(kind="git", name="a", prefix="a", url="https://git.example.org/a.git")
    source = GitSource(spec, tmp_path, "secret-token")
    environment = source._environment()
    assert environment["GIT_CONFIG_KEY_0"] == "http.https://git.example.org/.extraHeader"
    assert "secret-token" not in " ".join(source._command("fetch", spec.url))
    local = GitSpec(kind="git", name="a", prefix="a", url="file:///a")
    assert "GIT_CONFIG_COUNT" not in GitSource(local, tmp_path, "secret-token")._environment()
