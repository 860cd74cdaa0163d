"""The incidents of docs/recovery.md, played: the doctor finds each by its name, and its remedy ends it."""

import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import typer

from tests.support.backed_up import backed_up, copy_home, repository_of
from tests.support.workplace import Workplace
from xnai_pipelines.backups.drill import drill
from xnai_pipelines.backups.restore import restore
from xnai_pipelines.cli import app
from xnai_pipelines.doctor.diagnosis import Diagnosis, Urgency
from xnai_pipelines.doctor.examine import examine
from xnai_pipelines.doctor.stores import inspect_databases, inspect_records
from xnai_pipelines.doctor.surroundings import inspect_rights
from xnai_pipelines.releases.maintain import maintain
from xnai_pipelines.state.layout import Home, write_json
from xnai_pipelines.state.locks import WRITER, held, shown_alive
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.migration import migrate, migrate_tables

PLAYBOOK = Path(__file__).resolve().parents[2] / "docs" / "recovery.md"
ROW = re.compile(r"^\| \d+ \|.*\| `(\w+)` \|", re.MULTILINE)

Step = Callable[[Workplace], object]


@dataclass(frozen=True)
class Incident:
    """How it comes about, and what ends it: None for what `xnai doctor --fix` fixes."""

    happens: Step
    remedy: Step | None = None


def found(home: Home) -> dict[str, Diagnosis]:
    return {one.kind: one for one in examine(home, max_backup_hours=48, max_drill_days=8)}


def release_of(work: Workplace):
    return Releases(work.home.releases).require()


def restored_in_place(work: Workplace) -> None:
    repository = repository_of(work)
    shutil.rmtree(work.home.root, ignore_errors=True)
    restore(repository, repository.read(repository.ids()[0]), work.home.root)


def killed_run(work: Workplace) -> None:
    (work.home.root / "alive").mkdir(exist_ok=True)
    (work.home.root / "alive" / "0b2c-4d.4711.lock").touch()


def damage(path: Path) -> None:
    content = path.read_bytes()
    path.unlink()  # it may be a link's
    path.write_bytes(b"\0" * 100 + content[100 : len(content) // 2])


def own_models(work: Workplace) -> Path:
    """Give the home a model of its own in place of the link to that of all tests."""
    folder = work.home.models / release_of(work).vector_space
    source = folder.resolve()
    folder.unlink()
    shutil.copytree(source, folder)
    return folder


def half_copied(work: Workplace) -> None:
    data = next((work.home.lancedb / "chunks.lance" / "data").iterdir())
    data.unlink()


def cut_off(work: Workplace) -> None:
    data = next((work.home.lancedb / "chunks.lance" / "data").iterdir())
    data.write_bytes(data.read_bytes()[:-10])


def damaged_table(work: Workplace) -> None:
    newest = min((work.home.lancedb / "chunks.lance" / "_versions").iterdir())  # numbers count down from 2**64
    newest.write_bytes(newest.read_bytes()[:-40])


def orphaned(work: Workplace) -> None:
    table = work.home.lancedb / f"{release_of(work).embeddings_table}.lance"
    shutil.copytree(table, work.home.lancedb / "embeddings_9_0123456789abcdef.lance")


def damaged_backup(work: Workplace) -> None:
    repository = repository_of(work)
    backup = repository.read(repository.ids()[-1])
    block = work.home.root.parent / "backups" / "blocks" / backup.files[0].blocks[0][:2] / backup.files[0].blocks[0]
    block.unlink()  # it is linked, not copied
    block.write_bytes(b"cut off")
    drill(work.home, repository_of(work))


def backed_up_and_drilled(work: Workplace) -> None:
    backed_up(work)
    drill(work.home, repository_of(work))


def earlier_version(work: Workplace) -> None:
    work.tables.open("documents").drop_columns(["omissions"])


def migrated(work: Workplace) -> None:
    migrate(work.home, pytest.fail)
    migrate_tables(work.home, pytest.fail)


def open_secrets(work: Workplace) -> None:
    work.home.secrets.mkdir()
    work.home.secrets.chmod(0o755)  # whatever the umask


def mlflow(work: Workplace) -> Path:
    return work.home.root / "mlflow.db"


INCIDENTS = {
    "full_disk": Incident(lambda work: None, lambda work: None),  # see `filled`
    "no_home": Incident(lambda work: shutil.rmtree(work.home.root), restored_in_place),
    "dead_run": Incident(killed_run),
    "unfinished": Incident(lambda work: (work.home.root / ".backup-abc").mkdir()),
    "damaged_pointer": Incident(lambda work: (work.home.releases / "current.json").write_text('{"rel')),
    "damaged_manifest": Incident(
        lambda work: (work.home.releases / f"{release_of(work).release}.json").write_text("{"), restored_in_place
    ),
    "missing_model": Incident(
        lambda work: (work.home.models / release_of(work).vector_space).unlink(), restored_in_place
    ),
    "damaged_model": Incident(lambda work: damage(own_models(work) / "model.onnx"), restored_in_place),
    "missing_table": Incident(
        lambda work: work.tables.drop(release_of(work).embeddings_table), lambda work: work.ingest()
    ),
    "half_copied": Incident(half_copied, restored_in_place),
    "cut_off": Incident(cut_off, restored_in_place),
    "damaged_table": Incident(damaged_table, restored_in_place),
    "orphaned_table": Incident(orphaned, lambda work: maintain(work.context(), kept_releases=3)),
    "damaged_database": Incident(lambda work: damage(work.home.vector_cache)),
    "damaged_record": Incident(lambda work: write_and_cut(work.home.state / "evaluation.json")),
    "damaged_search_files": Incident(lambda work: damage(next(work.home.index.glob("*/[!.]*/base/vectors.npy")))),
    "damaged_inputs": Incident(lambda work: (work.home.root / "home.json").unlink(), lambda work: work.ingest()),
    "missing_documents": Incident(
        lambda work: shutil.move(work.documents, work.documents.with_name("away")),
        lambda work: shutil.move(work.documents.with_name("away"), work.documents),
    ),
    "open_secrets": Incident(open_secrets),
    "earlier_version": Incident(earlier_version, migrated),
    "unproven_backup": Incident(damaged_backup, backed_up_and_drilled),
}
OF_THE_COMMAND = {"unreadable_settings"}  # test_cli_doctor plays it


def write_and_cut(path: Path) -> None:
    write_json(path, {"fingerprint": "0123"})
    path.write_text(path.read_text()[:-5])


@pytest.fixture(scope="module")
def proven_once(searchable_once: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    work = copy_home(searchable_once, tmp_path_factory.mktemp("proven"))
    backed_up_and_drilled(work)
    return work


@pytest.fixture
def work(proven_once: Workplace, tmp_path: Path) -> Workplace:
    """A home without a fault, whose newest backup is proven."""
    work = copy_home(proven_once, tmp_path)
    shutil.copytree(proven_once.home.root.parent / "backups", tmp_path / "backups", copy_function=os.link)
    return work


@pytest.fixture
def filled(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Have every disk say that it is full, or that it is not."""
    usage = shutil.disk_usage("/")

    def fill(full: bool) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=2**20 if full else 2**40, total=2**41))

    fill(False)
    return fill


def test_the_playbook_names_every_incident_that_is_played():
    assert set(ROW.findall(PLAYBOOK.read_text(encoding="utf-8"))) == INCIDENTS.keys() | OF_THE_COMMAND
    assert len(INCIDENTS) >= 15


def _incomplete(text: str) -> list[str]:
    """Return the commands in backquotes that lack an option or an argument which they require."""
    found = []
    for written in re.findall(r"`xnai ([^`]+)`", text):
        named, given = typer.main.get_command(app), shlex.split(written)
        while hasattr(named, "commands"):
            named = named.commands[given.pop(0)]
        try:
            named.make_context(written, given)
        except typer.BadParameter:
            found.append(written)
    return found


def test_a_command_of_the_playbook_can_be_typed_as_it_stands():
    assert _incomplete("`xnai restore`, `xnai restore --into NEW_FOLDER`, `xnai doctor --fix`") == ["restore"]
    rows = [line for line in PLAYBOOK.read_text(encoding="utf-8").splitlines() if ROW.match(line)]
    assert not _incomplete("".join(rows))


@pytest.mark.parametrize("kind", INCIDENTS)
def test_an_incident_is_found_and_its_remedy_ends_it(work: Workplace, filled: Callable[[bool], None], kind: str):
    assert found(work.home) == {}
    incident = INCIDENTS[kind]
    incident.happens(work)
    filled(kind == "full_disk")
    diagnosis = found(work.home)[kind]
    assert diagnosis.what.endswith(".")
    assert diagnosis.remedy
    assert not _incomplete(diagnosis.remedy)
    assert diagnosis.can_fix == (incident.remedy is None)
    filled(False)
    if diagnosis.fix:
        diagnosis.fix()
    if incident.remedy:
        incident.remedy(work)
    assert kind not in found(work.home)
    if kind != "missing_documents":
        assert work.search().rank("rain on the hills", 1)


def test_a_damaged_pointer_is_moved_back_to_where_it_was(work: Workplace):
    before = release_of(work)
    (work.home.releases / "current.json").unlink()
    found(work.home)["damaged_pointer"].fix()
    assert release_of(work) == before


def test_a_pointer_whose_release_is_lost_is_for_a_person_to_move(work: Workplace):
    """An earlier release may hold documents that were deleted since."""
    first = release_of(work)
    Releases(work.home.releases).publish(replace(first, release=2), "made for a test")
    (work.home.releases / "2.json").unlink()
    diagnosis = found(work.home)["damaged_pointer"]
    assert not diagnosis.can_fix
    assert '{"release": 1}' in diagnosis.remedy


def test_what_is_at_work_is_no_fault(work: Workplace):
    """The run holds its lock, and a backup holds its own, while their files lie about."""
    with shown_alive(work.home, "run-1"), held(work.home, "backup.lock", "a backup", pytest.fail):
        (work.home.root / ".backup-abc").mkdir()
        assert found(work.home) == {}


@pytest.mark.parametrize("kind", ["unfinished", "damaged_pointer", "damaged_record", "damaged_search_files"])
def test_what_a_process_works_on_by_the_time_of_the_fix_is_left_alone(work: Workplace, kind: str):
    INCIDENTS[kind].happens(work)
    fix = found(work.home)[kind].fix
    lock = "backup.lock" if kind == "unfinished" else WRITER
    with held(work.home, lock, "another process", pytest.fail):
        fix()
    assert kind in found(work.home)
    fix()
    assert kind not in found(work.home)


def test_a_record_that_was_replaced_by_the_time_of_the_fix_stays(work: Workplace):
    path = work.home.state / "evaluation.json"
    write_and_cut(path)
    fix = found(work.home)["damaged_record"].fix
    write_json(path, {})
    fix()
    assert path.exists()


@pytest.mark.parametrize("name", ["crawled_sites", "restore_drills", "backup"])
def test_a_record_that_no_run_makes_again_is_for_a_person_to_fix(tmp_path: Path, name: str):
    home = Home(tmp_path)
    write_and_cut(home.state / f"{name}.json")
    (diagnosis,) = inspect_records(home)
    assert not diagnosis.can_fix
    assert "--fix" not in diagnosis.remedy


def test_a_cache_that_cannot_be_opened_is_not_taken_for_a_damaged_one(tmp_path: Path):
    home = Home(tmp_path)
    home.vector_cache.mkdir()  # SQLite cannot open it, as it cannot open a file without rights
    assert not list(inspect_databases(home))


def test_a_database_of_mlflow_is_not_fixed_by_deleting_it(work: Workplace):
    mlflow(work).write_bytes(b"SQLite format 3\0" + b"damaged" * 500)
    diagnosis = found(work.home)["damaged_database"]
    assert diagnosis.where == "mlflow.db"
    assert not diagnosis.can_fix
    assert "xnai restore" in diagnosis.remedy


def test_the_doctor_changes_nothing(work: Workplace):
    def content() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in work.home.root.rglob("*") if path.is_file()}

    killed_run(work)
    orphaned(work)
    before = content()
    assert found(work.home).keys() == {"dead_run", "orphaned_table"}
    assert content() == before


def test_what_this_user_may_not_read_is_told_once_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def inspect(home: Home) -> Iterator[Diagnosis]:
        raise PermissionError(13, "Permission denied", str(home.lancedb))
        yield

    monkeypatch.setattr("xnai_pipelines.doctor.examine.INSPECTIONS", (inspect, inspect))
    home = Home(tmp_path)
    [lancedb] = [one for one in examine(home, max_backup_hours=48, max_drill_days=8) if one.kind == "not_readable"]
    assert lancedb.where == str(home.lancedb)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != home.root)
    [closed] = examine(home, max_backup_hours=48, max_drill_days=8)
    assert (closed.kind, closed.where) == ("not_readable", str(home.root))


def test_a_file_system_that_is_read_only_is_told_instead_of_rights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    read_only = os.statvfs_result((*os.statvfs(tmp_path)[:8], os.ST_RDONLY, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: read_only)
    monkeypatch.setattr(os, "access", lambda _, mode: mode != os.W_OK | os.X_OK)
    [one] = inspect_rights(Home(tmp_path))
    assert (one.kind, one.urgency) == ("read_only", Urgency.RISK)
