"""Commands of recovery: make, list, restore and prove backups; take over from a machine that is lost."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xnai_pipelines.cli.app import AsJson, app, complain, execute, print_json, progress, require_begun, settings
from xnai_pipelines.state.layout import Home
from xnai_pipelines.wording import counted

if TYPE_CHECKING:
    from xnai_pipelines.backups.backup import Backup
    from xnai_pipelines.backups.drill import Drill
    from xnai_pipelines.backups.repository import Repository
    from xnai_pipelines.backups.restore import RestoreReport

To = Annotated[str | None, typer.Option(help="Folder or s3://BUCKET/PREFIX. Default: XNAI_BACKUP_TO, or HOME-backups.")]
MB = 2**20


@app.command()
def backup(
    to: To = None,
    new_key: Annotated[
        Path | None, typer.Option(help="Write a new key for encrypted backups into this new file, and exit.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Back up the home, even during runs and searches. Writes what changed since the last backup."""
    if new_key is not None:
        from xnai_pipelines.backups.seal import write_key_file

        write_key_file(new_key)
        if as_json:
            print_json({"key_file": str(new_key)})
            return
        print(
            f"The key is in {new_key}. Set XNAI_BACKUP_KEY_FILE to it, and keep a copy elsewhere: "
            "without it nothing can be restored."
        )
        return
    from xnai_pipelines.backups.make import back_up
    from xnai_pipelines.backups.places import open_place

    current = settings()
    home = Home(current.home)
    require_begun(home)
    place, seal = open_place(_address(to)), current.backup_seal()
    report = back_up(home, place, seal, current.backup_retention, progress)
    if as_json:
        print_json(asdict(report))
        return
    from xnai_pipelines.cli.terminal import say, table

    say(
        f"Backup {report.backup_id} in {report.place}: {counted(report.files, 'file')}, "
        f"{report.bytes / MB:,.1f} MB, of which {report.bytes_written / MB:,.1f} MB were new. {report.seconds:.1f} s."
    )
    if report.unasked:
        say(f"No drill can verify it, because no golden question was asked: {report.unasked}")
    if report.removed:
        say(f"Removed {counted(len(report.removed), 'older backup')}, {report.bytes_removed / MB:,.1f} MB.")
    if report.omitted:
        table("Left out", ["file", "reason"], sorted(report.omitted.items()))


@app.command()
def backups(to: To = None, as_json: AsJson = False) -> None:
    """List the backups, and whether a restore proved them."""
    from xnai_pipelines.backups.drill import past_drills
    from xnai_pipelines.errors import BackupDamagedError

    repository = _repository(to)
    proven = {one.backup_id: one for one in past_drills(Home(settings().home))}
    found: list[tuple[str, Backup | None]] = []
    for backup_id in repository.ids():
        try:
            found.append((backup_id, repository.read(backup_id)))
        except BackupDamagedError:
            found.append((backup_id, None))
    if as_json:
        print_json(
            [
                {
                    "backup_id": backup_id,
                    "damaged": one is None,
                    "proven": _state(proven.get(backup_id)),
                    **({} if one is None else {k: v for k, v in asdict(one).items() if k not in ("files", "golden")}),
                    **({} if one is None else {"files": len(one.files), "bytes": one.bytes}),
                }
                for backup_id, one in found
            ]
        )
        return
    from xnai_pipelines.cli.terminal import table

    rows = [
        [backup_id, "", "damaged", "", "", ""]
        if one is None
        else [
            *(backup_id, _minute(one.created_at), _state(proven.get(backup_id), _minute)),
            *(one.release or "", len(one.files), f"{one.bytes / MB:,.1f}"),
        ]
        for backup_id, one in found
    ]
    columns = ["backup", "created at, UTC", "restored", "release", "files", "MB"]
    table(f"Backups in {repository.place.address}", columns, rows, ["release", "files", "MB"])


@app.command()
def restore(
    into: Annotated[Path, typer.Option(help="Folder that is missing or empty: the new home.")],
    backup_id: Annotated[str | None, typer.Argument(metavar="ID", help="Id of the backup. Default: newest.")] = None,
    to: Annotated[str | None, typer.Option("--from", help="Where the backups are. Default: XNAI_BACKUP_TO.")] = None,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into an empty folder. Every file is verified, then the golden questions are asked."""
    from xnai_pipelines.backups.restore import restore
    from xnai_pipelines.errors import BackupError

    repository = _repository(to)
    ids = repository.ids()
    if not ids:
        raise BackupError(f"There is no backup in {repository.place.address}. Name another place with --from.")
    report = restore(repository, repository.read(backup_id or ids[-1]), into.expanduser().absolute())
    if as_json:
        print_json(asdict(report))
    else:
        _show_restored(report)
    if report.difference:
        complain(report.difference)
        raise typer.Exit(1)


def _show_restored(report: "RestoreReport") -> None:
    from xnai_pipelines.cli.terminal import say, table

    say(
        f"Restored {report.backup_id} into {report.into}: {counted(report.files, 'file')}, "
        f"{report.bytes / MB:,.1f} MB, every one verified. {report.restore_seconds:.1f} s."
    )
    if report.golden:
        say(
            f"{report.equal} of {counted(report.golden, 'golden question')} answered exactly as when it was made. "
            f"{report.search_seconds:.1f} s."
        )
    say(f"Use it with XNAI_HOME={report.into}; `xnai run` then brings it up to date.")
    if report.omitted:
        table("Not in the backup", ["file", "reason"], sorted(report.omitted.items()))


@app.command("take-over")
def take_over(
    address: Annotated[str | None, typer.Argument(help="s3://BUCKET/PREFIX. Default: XNAI_FOLLOW.")] = None,
) -> None:
    """Make a home that follows another, or an empty one, the writer of its tables. Stop the other machine first."""
    from xnai_pipelines.cli.terminal import say
    from xnai_pipelines.errors import SettingsError
    from xnai_pipelines.state.taking_over import take_over

    current = settings()
    followed = address or current.follow
    if followed is None:
        raise SettingsError("Nothing is followed here. Name the prefix of the other home's tables, or set XNAI_FOLLOW.")
    home = Home(current.home)
    release = take_over(home, followed, complain)
    say(
        f"{home.root} has release {release} and writes the tables in {followed}; runs of the other home are refused. "
        "Unset XNAI_FOLLOW and set XNAI_DOCUMENTS to the documents; `xnai run` then brings it up to date."
    )


@app.command()
def drill() -> None:
    """Restore the newest backup into a scratch folder, and prove that it answers as it did. Measures RTO and RPO."""
    from xnai_pipelines.backups.drill import past_drills
    from xnai_pipelines.cli.terminal import say

    execute("drill", {}, as_json=False, show=False)
    last = past_drills(Home(settings().home))[-1]
    say(
        f"Backup {last.backup_id}: {_state(last)}. RTO {last.recovery_seconds:.1f} s, RPO {last.lost_hours:.1f} h; "
        f"{last.equal} of {last.golden} golden questions answered exactly as before."
    )
    if last.fault:
        complain(last.fault)
        raise typer.Exit(1)


def _repository(to: str | None) -> "Repository":
    from xnai_pipelines.backups.places import open_place
    from xnai_pipelines.backups.repository import Repository

    return Repository(open_place(_address(to)), settings().backup_seal())


def _address(to: str | None) -> str:
    from xnai_pipelines.backups.places import default_address

    return to or settings().backup_to or default_address(Home(settings().home))


def _state(drill: "Drill | None", shown: Callable[[str], str] = str) -> str:
    if drill is None:
        return "never"
    return f"proven {shown(drill.at)}" if drill.passed else f"failed {shown(drill.at)}"


def _minute(at: str) -> str:
    """Return a time of ISO 8601 in UTC for a table."""
    return f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%M}"
