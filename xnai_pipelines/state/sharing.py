"""What other machines need of a home's releases, shared beside its tables in an object store.

One object lists it: small files with their contents, and the folders of models, adapters and search files by their
cards, whose files are objects named after their SHA-256. It is replaced whole, after all it names is stored, and only
by a process that knows the list it replaces. So whoever reads it finds one state of the releases, complete. A service
needs the current one; a machine that takes over can also go back to the others, and train on from their adapters.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from xnai_pipelines.errors import DamagedArtefactError, HomeError
from xnai_pipelines.state.artefacts import CARD, file_sha256
from xnai_pipelines.state.claim import ACCESS_FILE, recorded_inputs
from xnai_pipelines.state.fence import committing
from xnai_pipelines.state.identity import home_id
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Release, Releases
from xnai_pipelines.state.objects import Objects
from xnai_pipelines.state.table_place import TABLES, Bucket, place_of

LIST, FILES = "shared/release.json", "shared/files"
POINTER = "releases/current.json"
DOCUMENTS = "documents"  # folder of a follower's home that stands for the documents folder: it holds the rules alone
RULES = f"{DOCUMENTS}/{ACCESS_FILE}"


@dataclass(frozen=True, slots=True)
class SharedRelease:
    """One state of the releases.

    Attributes:
        release: Number of the current one.
        texts: Small files by their path below the home.
        folders: The cards of the folders of models, adapters and search files, by their path below the home.
    """

    release: int
    texts: dict[str, str]
    folders: dict[str, dict[str, Any]]

    def files(self) -> dict[str, tuple[str, str]]:
        """Return folder and name of each file of the folders, by its SHA-256."""
        return {
            file["sha256"]: (folder, name)
            for folder, card in self.folders.items()
            for name, file in card["files"].items()
        }


def objects_at(address: str) -> Objects:
    """Return the objects below the prefix of a home's tables."""
    return Objects(address, "The shared release", HomeError)


def read_list(content: bytes, address: str) -> SharedRelease:
    """Return the list of what is shared.

    Raises:
        HomeError: It is damaged.
    """
    try:
        return TypeAdapter(SharedRelease).validate_json(content)
    except ValidationError as error:
        raise HomeError(f"The list {address}/{LIST} is damaged. Remove it; the next run writes it again.") from error


def write_list(shared: SharedRelease) -> bytes:
    """Return what `read_list` reads."""
    return json.dumps(asdict(shared), indent=1, sort_keys=True).encode()


def share(home: Home) -> bool:
    """Share the kept releases if the tables are in an object store; return whether anything changed there.

    Raises:
        HomeError: The store cannot be reached, another process has shared since, or another home has taken over.
        DamagedArtefactError: A file of the release is missing or damaged.
    """
    place = place_of(home)
    release = Releases(home.releases).current() if isinstance(place, Bucket) else None
    if release is None or not isinstance(place, Bucket):
        return False
    objects = objects_at(place.address)
    known, tag = objects.read_tagged(LIST)
    if known is not None and read_list(known, place.address).texts["home_id"].strip() != home_id(home):
        raise taken_over(home, place)
    shared = SharedRelease(release.release, dict(_texts(home, release, known)), _folders(home, release))
    content = write_list(shared)
    if content == known:
        return False
    stored = {name.removeprefix(f"{FILES}/") for name in objects.sizes(FILES)}
    wanted = shared.files()
    for sha256 in wanted.keys() - stored:
        folder, name = wanted[sha256]
        path = home.root / folder / name
        if file_sha256(path) != sha256:
            raise DamagedArtefactError(
                f"{path} does not match the {CARD} beside it. `xnai doctor` says what can be done."
            )
        objects.upload(f"{FILES}/{sha256}", path)
    with committing(home.root):
        if not objects.replace(LIST, content, tag):
            raise HomeError(f"Another process has shared a release in {place} since. Run again.")
    for sha256 in stored - wanted.keys():  # of a release before; a forgotten document must not stay
        objects.remove(f"{FILES}/{sha256}")
    return True


def taken_over(home: Home, place: Bucket) -> HomeError:
    """Return the error for a home whose tables belong to another by now."""
    return HomeError(
        f"Another home has taken over the tables in {place}, so nothing may be written from {home.root}. Set XNAI_HOME "
        "to a new folder and XNAI_FOLLOW to the address to serve its releases."
    )


def _texts(home: Home, release: Release, known: bytes | None) -> Iterator[tuple[str, str]]:
    """Yield path and content of each small file."""
    releases = Releases(home.releases)
    numbers = [one.release for one in releases.all()]
    manifests = [path for number in numbers for path in releases.files(number)]
    for path in (*manifests, releases.moves_path, *map(home.refusal_policy, numbers), home.root / TABLES):
        if path.exists():
            yield path.relative_to(home.root).as_posix(), path.read_text(encoding="utf-8")
    yield "home_id", home_id(home) + "\n"
    yield "home.json", json.dumps({"documents": DOCUMENTS, "questions": None})
    yield POINTER, json.dumps({"release": release.release})
    inputs = recorded_inputs(home)
    if inputs is not None and inputs.documents.is_dir():
        rules = inputs.documents / ACCESS_FILE
        if rules.exists():
            yield RULES, rules.read_text(encoding="utf-8")
    elif known is not None:  # the folder is not mounted here: who may read has not changed
        before = json.loads(known)["texts"]
        yield from {RULES: before[RULES]}.items() if RULES in before else ()
    else:
        raise HomeError(
            "The documents folder is missing, so the access rules are unknown and the release cannot be shared. "
            "Mount it and run again."
        )


def _folders(home: Home, current: Release) -> dict[str, dict[str, Any]]:
    kept = {home.models / current.vector_space, *sorted((home.index / current.embeddings_table).glob("[!.]*"))}
    for release in Releases(home.releases).all():
        parts = [home.models / space for space in (release.vector_space, release.cut_by) if space]
        parts += [home.adapters / release.adapter] if release.adapter else []
        reranker = (release.ranking or {}).get("reranker")
        parts += [home.rerankers / reranker] if reranker else []
        kept |= {folder for folder in parts if folder.is_dir()}  # what the home lacks, nobody needs of it
    return {folder.relative_to(home.root).as_posix(): _card(folder) for folder in sorted(kept)}


def _card(folder: Path) -> dict[str, Any]:
    try:
        card: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DamagedArtefactError(f"{folder / CARD} cannot be read. `xnai doctor` says what can be done.") from error
    return card
