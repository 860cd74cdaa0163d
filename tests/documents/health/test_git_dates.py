"""One call of Git tells when each file was last committed, and a folder without Git tells nothing."""

import os
import subprocess
from pathlib import Path

from tests.support.repository import ALONE
from xnai_pipelines.documents.health.git_dates import commit_dates, parse_log


def git(folder: Path, *arguments: str, at: str = "2024-01-01T00:00:00Z") -> None:
    author = {f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    given = os.environ | ALONE | author | {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=given)


def test_each_file_has_the_time_of_its_own_last_commit_relative_to_the_folder(tmp_path, monkeypatch):
    folder = tmp_path / "repository" / "docs"
    (folder / "über").mkdir(parents=True)
    for name in ("a.md", "2024", "über/b c.md"):
        (folder / name).write_text(name)
    git(tmp_path / "repository", "init")
    git(tmp_path / "repository", "add", ".")
    git(tmp_path / "repository", "commit", "-m", "one")
    (folder / "a.md").write_text("changed")
    git(tmp_path / "repository", "commit", "-am", "two", at="2025-02-03T00:00:00Z")
    (folder / "new.md").write_text("not committed")

    monkeypatch.setenv("GIT_DIR", "/nowhere")  # as in a hook of another repository
    dates = {path: f"{at:%Y-%m-%d}" for path, at in commit_dates(folder).items()}
    assert dates == {"a.md": "2025-02-03", "2024": "2024-01-01", "über/b c.md": "2024-01-01"}


def test_a_folder_without_git_has_no_commits(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit_dates(tmp_path) == {}
    assert parse_log(b"") == {}
