"""The pointer, the manifests, and what the manifests name."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from xnai_pipelines.doctor.diagnosis import RESTORE, Diagnosis, Urgency
from xnai_pipelines.errors import DamagedArtefactError, ReleaseError
from xnai_pipelines.state.artefacts import read_card
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.locks import WRITER, held_if_free
from xnai_pipelines.state.manifest import Release, Releases
from xnai_pipelines.state.tables import table_names


def inspect_pointer(home: Home) -> Iterator[Diagnosis]:
    """Yield the pointer to the current release if it is missing, damaged, or names no release.

    Before the first release there is none; what to do first is told.

    The fix points only to the release that it was moved to last. An earlier one may hold documents deleted since.
    """
    releases = Releases(home.releases)
    moves = [move.release for move in releases.moves()]
    wrong = _wrong_pointer(home)
    if wrong is None:
        return
    if not moves and not _pointer(home).exists():
        yield _nothing_released(home)
        return
    if moves and _is_whole(releases, moves[-1]):
        remedy, fix = f"`xnai doctor --fix` points it to release {moves[-1]} again", partial(_repair, home)
    else:
        remedy, fix = RESTORE, None
        earlier = next((number for number in reversed(moves) if _is_whole(releases, number)), None)
        if earlier is not None:
            remedy += (
                f'; or write {{"release": {earlier}}} into it and run `xnai run` before anyone searches: release '
                f"{earlier} may hold documents that were deleted later"
            )
    yield Diagnosis("damaged_pointer", "releases/current.json", wrong, remedy, fix=fix)


def _nothing_released(home: Home) -> Diagnosis:
    known = (home.root / "home.json").exists() or home.sample.is_dir()
    first = "" if known else " with XNAI_DOCUMENTS=the folder of your documents, or after `xnai sample`"
    what = "Nothing was ever released, so nothing can be searched."
    lost = f"if a home was lost here, remove the folder and `xnai restore --into {home.root}`"
    remedy = f"`xnai run`{first}; {lost}"
    return Diagnosis("nothing_released", "releases", what, remedy, Urgency.RISK)


def inspect_manifests(home: Home) -> Iterator[Diagnosis]:
    """Yield manifests that cannot be read, and tables and models that are missing or damaged."""
    releases = Releases(home.releases)
    tables = table_names(home)
    names = sorted(path.stem for path in home.releases.glob("*.json") if path.stem.isdigit())
    for name in [*names, "challenger"]:
        try:
            release = releases.challenger() if name == "challenger" else releases.read(int(name))
        except ReleaseError as error:
            yield Diagnosis("damaged_manifest", f"releases/{name}.json", str(error), RESTORE)
            continue
        if release is not None:
            yield from _named(home, name, release, tables)


def _named(home: Home, name: str, release: Release, tables: set[str]) -> Iterator[Diagnosis]:
    whose = "The challenger" if name == "challenger" else f"Release {name}"
    if release.embeddings_table not in tables:
        yield Diagnosis(
            "missing_table",
            f"table {release.embeddings_table}",
            f"{whose} names it, and it does not exist.",
            f"`xnai run` makes that of the current release again; else `xnai rollback` to a whole one, or {RESTORE}",
        )
    made_again = "`xnai run` exports it again" if release.adapter is None else RESTORE
    for space in filter(None, (release.vector_space, release.cut_by)):
        folder = home.models / space
        try:
            read_card(folder)
        except DamagedArtefactError as error:
            missing = not folder.exists()
            yield Diagnosis(
                "missing_model" if missing else "damaged_model",
                f"models/{space}",
                f"{whose} needs it, and it is missing." if missing else str(error),
                made_again if missing else f"Delete {folder}; then {made_again}",
            )
    if release.adapter and not (home.adapters / release.adapter).is_dir():
        yield Diagnosis("missing_adapter", f"adapters/{release.adapter}", f"{whose} names it.", RESTORE)


def _is_whole(releases: Releases, number: int) -> bool:
    try:
        releases.read(number)
    except ReleaseError:
        return False
    return True


def _pointer(home: Home) -> Path:
    return home.releases / "current.json"


def _wrong_pointer(home: Home) -> str | None:
    try:
        number = int(json.loads(_pointer(home).read_bytes())["release"])
    except FileNotFoundError:
        return "It is missing, so nothing can be searched."
    except (ValueError, KeyError, TypeError) as error:
        return f"It cannot be read ({error!r})."
    exists = (home.releases / f"{number}.json").exists()
    return None if exists else f"It names release {number}, which is missing."


def _repair(home: Home) -> None:
    """Repair the pointer, unless a run writes now or has moved it meanwhile."""
    with held_if_free(home, WRITER) as alone:
        if alone and _wrong_pointer(home):
            Releases(home.releases).repair_pointer()
