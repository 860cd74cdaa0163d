"""Files of sources are documents like those of the folder: incremental, guarded, and never mixed up with others."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.repository import Repository
from tests.support.workplace import RULES, Workplace
from xnai_pipelines.documents.plan import FolderRules
from xnai_pipelines.documents.sources.make import SourceAccess, SourcesReport, mirrors, standing_sources, sync_sources
from xnai_pipelines.documents.sources.specs import GitSpec
from xnai_pipelines.errors import IngestRefusedError, SourcesError
from xnai_pipelines.state.schemas import DOCUMENTS, FILES


class Handbook:
    """A repository, and a home that has it as a source."""

    def __init__(self, work: Workplace, folder: Path) -> None:
        self.work, self.folder = work, folder
        self.git = Repository(folder).git
        self.spec = GitSpec(kind="git", name="handbook", prefix="team/handbook", url=folder.as_uri())
        self.specs: tuple[GitSpec, ...] = (self.spec,)

    def commit(self, **texts: str) -> None:
        for name, text in texts.items():
            (self.folder / f"{name}.md").write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=change")

    def sync(self) -> SourcesReport:
        return sync_sources(self.work.home, self.specs, ("git",), SourceAccess(), self.work.said.append)

    @property
    def rules(self) -> FolderRules:
        return replace(RULES, mirrors=mirrors(self.work.home, self.specs))


@pytest.fixture
def handbook(work: Workplace, tmp_path: Path) -> Handbook:
    work.write("local.md", "# Local\n\nA file of the folder.\n")
    handbook = Handbook(work, tmp_path / "repository")
    handbook.commit(leave="# Leave\n\nThirty days.\n", travel="# Travel\n\nBy train.\n")
    return handbook


def test_files_of_a_source_are_documents_under_its_prefix_and_cost_what_changed(handbook: Handbook):
    handbook.sync()
    handbook.work.ingest_documents(handbook.rules)
    assert handbook.work.sources() == {"local.md", "team/handbook/leave.md", "team/handbook/travel.md"}

    handbook.commit(leave="# Leave\n\nThirty-one days.\n")
    report = handbook.sync()
    assert (report.files, report.fetched, report.failed) == (2, 1, 0)
    report = handbook.work.ingest_documents(handbook.rules)
    assert (report.changes["edited"], report.changes["unchanged"], report.written) == (1, 2, 1)


def test_a_source_that_was_never_listed_deletes_nothing_and_is_named(handbook: Handbook):
    handbook.sync()
    handbook.work.ingest_documents(handbook.rules)
    (handbook.work.home.sources / "handbook/mirror.json").unlink()
    handbook.work.ingest_documents(handbook.rules)
    assert len(handbook.work.sources()) == 3
    assert "never listed" in handbook.work.rows(FILES)["team/handbook/"]["reason"]
    handbook.sync()
    handbook.work.ingest_documents(handbook.rules)
    assert "team/handbook/" not in handbook.work.rows(FILES)


def test_a_source_that_is_down_keeps_its_documents_and_the_others_run(handbook: Handbook):
    handbook.sync()
    handbook.folder.rename(handbook.folder.with_name("gone"))
    report = handbook.sync()
    assert report.failed == 1
    assert "cannot be read" in (report.sources[0].trouble or "")
    handbook.work.ingest_documents(handbook.rules)
    assert len(handbook.work.sources()) == 3


def test_a_source_that_is_no_longer_named_goes_with_its_mirror_if_the_guard_allows(handbook: Handbook):
    handbook.sync()
    handbook.work.ingest_documents(handbook.rules)
    handbook.specs = ()
    handbook.sync()
    assert not (handbook.work.home.sources / "handbook").exists()
    strict = replace(handbook.rules, guard=replace(RULES.guard, count=1))
    with pytest.raises(IngestRefusedError):
        handbook.work.ingest_documents(strict)
    handbook.work.ingest_documents(handbook.rules)
    assert handbook.work.sources() == {"local.md"}


def test_a_folder_under_the_prefix_of_a_source_is_refused(handbook: Handbook):
    handbook.sync()
    handbook.work.write("team/handbook/mine.md", "Mine.\n")
    with pytest.raises(SourcesError, match="team/handbook"):
        handbook.work.ingest_documents(handbook.rules)


def test_the_list_of_sources_is_no_document(work: Workplace):
    work.write("sources.yaml", "sources: []\n")
    work.write("a.md", "# A\n\nText.\n")
    work.ingest_documents()
    assert work.sources() == {"a.md"}
    assert work.rows(FILES)["sources.yaml"]["reason"] == "the list of sources"
    assert len(work.rows(DOCUMENTS)) == 1


def test_a_source_before_its_first_synchronisation_stands_empty(handbook: Handbook):
    (standing,) = standing_sources(handbook.work.home, handbook.specs)
    assert (standing.files, standing.synced_at) == (0, None)
