"""Homes that tests copy or only read. What makes them is imported by the fixture: Dagster takes seconds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.once import made_once
from tests.support.small_disks import small_disk

if TYPE_CHECKING:
    from tests.support.retrained import Retrained
    from tests.support.workplace import Workplace
    from xnai_pipelines.encoders.encoder import Encoder


@pytest.fixture
def work(tmp_path: Path, built_encoder: Encoder) -> Workplace:
    """An empty folder of documents and its home."""
    from tests.support.workplace import Workplace

    return Workplace(tmp_path, built_encoder)


@pytest.fixture
def filled(work: Workplace) -> Workplace:
    """A folder of several formats, see `fill`, and its home before the first run."""
    from tests.support.workplace import fill

    return fill(work)


@pytest.fixture(scope="session")
def ingested_once(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    from tests.support.workplace import Workplace, fill

    def make(folder: Path) -> None:
        fill(Workplace(folder, built_encoder)).ingest()

    return Workplace(made_once(tmp_path_factory, "ingested", make), built_encoder)


@pytest.fixture
def ingested(ingested_once: Workplace, tmp_path: Path) -> Workplace:
    """The same folder and its home after the first run."""
    from tests.support.backed_up import copy_home

    return copy_home(ingested_once, tmp_path)


@pytest.fixture(scope="session")
def searchable_once(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    from tests.support.workplace import Workplace, five_files
    from xnai_pipelines.questions.make import make_questions

    def make(folder: Path) -> None:
        work = five_files(Workplace(folder, built_encoder))
        work.ingest()
        make_questions(work.context(), None)

    return Workplace(made_once(tmp_path_factory, "searchable", make), built_encoder)


@pytest.fixture
def searchable(searchable_once: Workplace, tmp_path: Path) -> Workplace:
    """A home of five documents that answers, for a test to change."""
    from tests.support.backed_up import copy_home

    return copy_home(searchable_once, tmp_path)


@pytest.fixture(scope="session")
def retrained(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Retrained:
    """The small world after a run of the job `retrain`; tests copy it."""
    from tests.support.retrained import retrained_once

    return retrained_once(tmp_path_factory, built_encoder)


@pytest.fixture(scope="session")
def adapted_home(tmp_path_factory: pytest.TempPathFactory, retrained: Retrained) -> Workplace:
    """The small world with a promoted challenger that is not released yet; tests copy it, see `adapted`."""
    from tests.support.adaptation_world import copy_world, decide
    from tests.support.workplace import Workplace

    def make(folder: Path) -> None:
        work = copy_world(retrained.work, folder)
        shutil.rmtree(work.home.decisions)  # which says that approval is awaited
        decide(work)

    return Workplace(made_once(tmp_path_factory, "adapted", make), retrained.work.encoder)


@pytest.fixture
def adapted(adapted_home: Workplace, tmp_path: Path) -> Workplace:
    """A copy of the adapted home, for a test to change."""
    from tests.support.adaptation_world import copy_world

    return copy_world(adapted_home, tmp_path)


@pytest.fixture(scope="session")
def released_home(adapted_home: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """The small world with release 2, whose encoder is adapted, and release 1 kept; tests copy it, see `released`."""
    from tests.support.adaptation_world import copy_world, release_promoted
    from tests.support.workplace import Workplace

    def make(folder: Path) -> None:
        release_promoted(copy_world(adapted_home, folder))

    return Workplace(made_once(tmp_path_factory, "released", make), adapted_home.encoder)


@pytest.fixture
def released(released_home: Workplace, tmp_path: Path) -> Workplace:
    """A copy of the released home, for a test to change; its encoder is that of the current release."""
    from tests.support.adaptation_world import challenger_encoder, copy_world

    work = copy_world(released_home, tmp_path)
    work.encoder = challenger_encoder(work)
    return work


@pytest.fixture(name="small_disk")
def disk_of_8_mb(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    with small_disk(tmp_path / "disk", megabytes=8) as disk:
        if disk is None:
            pytest.skip("mounting a small file system needs root")
        yield disk.folder
