"""Two groups with documents of their own, and a document that all may read, served."""

from pathlib import Path

import pytest

from tests.support.backed_up import copy_home
from tests.support.once import made_once
from tests.support.served import served
from tests.support.workplace import Workplace
from xnai_pipelines.errors import TableError
from xnai_pipelines.state.tables import Tables

RULES = '"red/**": [red]\n"blue/**": [blue]\n'
DOCUMENTS = {
    "red/pay.md": "# Pay\n\nThe bonus of the board is 4,000 zephyrine coins, invoice INV-2041.",
    "blue/pay.md": "# Pay\n\nThe bonus of the board is paid in quartz, invoice INV-3333.",
    "blue/office.md": "# Office\n\nThe office is closed on the first of May.",
    "holidays.md": "# Holidays\n\nEverybody has thirty holidays. The office is closed at night.",
}


def write_tenants(work: Workplace, *without: str) -> Workplace:
    for name, text in DOCUMENTS.items():
        if not name.startswith(without or ("none",)):
            work.write(name, text)
    work.ingest()
    (work.documents / "access.yaml").write_text(RULES, encoding="utf-8")
    return work


@pytest.fixture(scope="session")
def tenants(tmp_path_factory, built_encoder):
    """This test process's own copy: tests make and revoke tokens in it, judge, and read its logs."""

    def make(folder: Path) -> None:
        write_tenants(Workplace(folder, built_encoder))

    made = Workplace(made_once(tmp_path_factory, "tenants", make), built_encoder)
    return copy_home(made, tmp_path_factory.mktemp("tenants"))


@pytest.fixture(scope="session")
def client(tenants):
    with served(tenants.home) as client:
        yield client


@pytest.fixture
def unreadable(monkeypatch):
    """Tables that cannot be read; the error names a file."""

    def refuse(*_):
        raise TableError("The table /srv/home/documents.lance is damaged.")

    monkeypatch.setattr(Tables, "read", refuse)
