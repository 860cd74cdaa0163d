import shutil

import pytest

from tests.support.backed_up import copy_home
from tests.support.pipeline import five_files
from tests.support.workplace import Workplace
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.questions.make import make_questions


@pytest.fixture(scope="session")
def searchable_once(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    work = five_files(Workplace(tmp_path_factory.mktemp("backed_up"), built_encoder))
    work.ingest()
    make_questions(work.context(), None)
    return work


@pytest.fixture(autouse=True)
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are not synced: no test here cuts the power, and a backup syncs every block."""
    monkeypatch.setattr("xnai_pipelines.state.layout.os.fsync", lambda descriptor: None)


@pytest.fixture
def small(work: Workplace) -> Workplace:
    """A home whose models are missing: its backups have no golden questions, and are made in milliseconds."""
    shutil.rmtree(work.home.models)
    return work


@pytest.fixture
def work(searchable_once: Workplace, tmp_path) -> Workplace:
    """A home that answers, to be backed up and changed."""
    return copy_home(searchable_once, tmp_path)
