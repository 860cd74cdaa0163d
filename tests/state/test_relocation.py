"""A home works wherever it lies, whatever signs its path has, and after it was moved."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from xnai_pipelines.state.claim import Inputs, claim, recorded_inputs
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.mlflow_connection import sqlite_file
from xnai_pipelines.state.relocation import path_for_urls, relocate_artifacts


@pytest.mark.parametrize("name", ["plain", "with space", "100%20", "a?b#c", "Ü"])
def test_the_url_of_a_database_names_its_file(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path / name)
    assert make_url(home.mlflow_uri).database == str(home.root / "mlflow.db")
    assert sqlite_file(home.mlflow_uri) == home.root / "mlflow.db"


def test_a_folder_with_signs_of_urls_gets_a_link_without_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    folder = tmp_path / "h%20x"
    folder.mkdir()
    link = path_for_urls(folder)
    assert (link.resolve(), path_for_urls(folder)) == (folder.resolve(), link)
    assert "%" not in str(link)
    assert path_for_urls(tmp_path) == tmp_path


def test_artifacts_of_a_moved_home_are_found_under_the_new_one(tmp_path: Path) -> None:
    database = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE experiments (name TEXT, artifact_location TEXT)")
        connection.execute("CREATE TABLE runs (artifact_uri TEXT)")
        connection.executemany(
            "INSERT INTO experiments VALUES (?, ?)",
            [("xnai/retrieval", "file:///old/mlartifacts/xnai/retrieval"), ("others", "s3://bucket/others")],
        )
        connection.execute("INSERT INTO runs VALUES ('file:///old/mlartifacts/xnai/retrieval/7/artifacts')")
    relocate_artifacts(database, "file:///new%20home/mlartifacts")
    with closing(sqlite3.connect(database)) as connection:
        places = [place for (place,) in connection.execute("SELECT artifact_location FROM experiments")]
        runs = [place for (place,) in connection.execute("SELECT artifact_uri FROM runs")]
    assert places == ["file:///new%20home/mlartifacts/xnai/retrieval", "s3://bucket/others"]
    assert runs == ["file:///new%20home/mlartifacts/xnai/retrieval/7/artifacts"]


def test_documents_inside_a_home_move_with_it(tmp_path: Path) -> None:
    outside = tmp_path / "questions.jsonl"
    claim(Home(tmp_path / "old"), Inputs(tmp_path / "old/sample/documents", outside))
    (tmp_path / "old").rename(tmp_path / "new")
    assert recorded_inputs(Home(tmp_path / "new")) == Inputs(tmp_path / "new/sample/documents", outside)
