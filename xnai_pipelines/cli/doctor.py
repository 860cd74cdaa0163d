"""Commands that look after a home: what is wrong with it, and what a later version has to change."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xnai_pipelines.cli.app import AsJson, app, print_json, progress, settings
from xnai_pipelines.state.layout import Home
from xnai_pipelines.wording import counted

if TYPE_CHECKING:
    from xnai_pipelines.doctor.diagnosis import Diagnosis


@app.command()
def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Fix what can be fixed without losing anything.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find faults in the home, each with its fix. Exit code 1 if a fault remains."""
    from xnai_pipelines.doctor.diagnosis import Urgency

    home, found = _examined()
    fixable = [one for one in found if fix and one.fix is not None]
    fixed = []
    if fixable:
        if any(one.kind == "dead_run" for one in fixable):
            from xnai_pipelines.cli.runs import end_runs_left_behind

            end_runs_left_behind(home)
        for one in fixable:
            if one.fix is not None:
                one.fix()
        found = _examined()[1]
        fixed = [one for one in fixable if one not in found]  # none of what a process is working on now
    if as_json:
        print_json({"home": str(home.root), "fixed": [_shown(o) for o in fixed], "found": [_shown(o) for o in found]})
    else:
        _print(home, fixed, found)
    if any(one.urgency is Urgency.FAULT for one in found):
        raise typer.Exit(1)


@app.command()
def migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring a home of an earlier version up to date. Opening a home does this too, except for new columns of tables."""
    from xnai_pipelines.errors import HomeError
    from xnai_pipelines.state.migration import SCHEMA_VERSION, migrate, migrate_tables, pending, schema_version

    home = Home(settings().home)
    before, changes = schema_version(home), pending(home)
    if not dry_run:
        impossible = [change for change in changes if not change.possible]
        if impossible:
            raise HomeError(f"{impossible[0].where}: {impossible[0].what}")
        migrate(home, progress)
        migrate_tables(home, progress)
    if as_json:
        print_json({"schema": before, "program": SCHEMA_VERSION, "changes": [asdict(one) for one in changes]})
        return
    from xnai_pipelines.cli.terminal import say, table

    if not changes:
        say(f"Nothing to change: the home has schema {before}, as this program.")
        return
    table("Would change" if dry_run else "Changed", ["where", "what"], [[one.where, one.what] for one in changes])


def _examined() -> "tuple[Home, list[Diagnosis]]":
    from xnai_pipelines.doctor.diagnosis import Diagnosis, Urgency
    from xnai_pipelines.doctor.examine import examine
    from xnai_pipelines.environment import prepare
    from xnai_pipelines.errors import SettingsError
    from xnai_pipelines.settings import given_settings, unknown_variables

    found = []
    try:
        current = settings()
        prepare(current)
    except SettingsError as error:
        current = given_settings(home=Path(os.environ.get("XNAI_HOME") or ".xnai"))
        found.append(Diagnosis("unreadable_settings", "environment", str(error), "Correct the variable"))
    for sentence in unknown_variables(os.environ):
        found.append(Diagnosis("unknown_setting", "environment", sentence, "Correct or unset it", Urgency.RISK))
    home = Home(current.home)
    return home, found + examine(
        home, max_backup_hours=current.backup_max_hours, max_drill_days=current.restore_drill_days
    )


def _print(home: Home, fixed: "list[Diagnosis]", found: "list[Diagnosis]") -> None:
    from xnai_pipelines.cli.terminal import say

    for one in fixed:
        say(("fixed", "bold"), f"  {one.where}: {one.what}", fold=True)
    if found:
        say((f"{counted(len(found), 'finding')} in {home.root}", "bold"))
    for one in found:  # no table: at no width may a fix be left out
        say((f"{one.urgency:<5}", "bold"), f"  {one.where}: {one.what}", fold=True)
        say(("fix", "bold"), f"    {one.remedy}", fold=True)
    if not found:
        say(f"Nothing is wrong with {home.root}.")
    can = sum(one.can_fix for one in found)
    if can:
        say(f"`xnai doctor --fix` fixes {can} of them.")


def _shown(one: "Diagnosis") -> dict[str, object]:
    return {
        "kind": one.kind,
        "urgency": str(one.urgency),
        "where": one.where,
        "what": one.what,
        "remedy": one.remedy,
        "can_fix": one.can_fix,
    }
