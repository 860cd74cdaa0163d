import shutil

import pytest

from tests.support.workplace import Workplace
from xnai_pipelines.backups import golden, restore


@pytest.fixture
def work(searchable: Workplace) -> Workplace:
    """A home that answers, to be backed up and changed."""
    return searchable


@pytest.fixture
def small(work: Workplace, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """A home that nobody asks anything: its backups have no golden questions, and are made in milliseconds."""
    shutil.rmtree(work.home.models)
    for module in (golden, restore):
        monkeypatch.setattr(module, "golden_questions", lambda home: [])
    return work
