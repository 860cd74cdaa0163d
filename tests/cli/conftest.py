import json
import shutil
from dataclasses import astuple
from pathlib import Path

import pytest

from tests.support.adaptation_world import copy_world
from tests.support.once import made_once
from tests.support.pipeline import Said, command, variables
from tests.support.workplace import Workplace, five_files
from xnai_pipelines.encoders.encoder import Encoder


@pytest.fixture
def work(tmp_path: Path, built_encoder: Encoder, mlflow_database: Path) -> Workplace:
    """A folder of five files, one of them broken, and its home, which holds nothing but MLflow's empty database."""
    work = five_files(Workplace(tmp_path, built_encoder))
    shutil.copy(mlflow_database, work.home.root)
    return work


@pytest.fixture(scope="session")
def first_run(
    tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder, mlflow_database: Path
) -> tuple[Workplace, Said]:
    """The home of `work` after its first run, to be copied, and what the command said."""

    def make(folder: Path) -> None:
        work = five_files(Workplace(folder, built_encoder))
        shutil.copy(mlflow_database, work.home.root)
        said = command(variables(work), "run")
        assert said.code == 0, said.err
        (folder / "said.json").write_text(json.dumps(astuple(said)))

    folder = made_once(tmp_path_factory, "answering", make)
    return Workplace(folder, built_encoder), Said(*json.loads((folder / "said.json").read_text()))


@pytest.fixture(scope="session")
def answering(tmp_path_factory: pytest.TempPathFactory, first_run: tuple[Workplace, Said]) -> Workplace:
    """A home after its first run, this test process's own copy: each command notes something in it."""
    made, _ = first_run
    return copy_world(made, tmp_path_factory.mktemp("answering"))
