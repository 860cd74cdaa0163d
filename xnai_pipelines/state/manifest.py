"""A release: one manifest that names everything a search needs, and the pointer to the current one."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from xnai_pipelines.errors import ReleaseError
from xnai_pipelines.state.json_lines import append_line
from xnai_pipelines.state.layout import remove, write_json

_EMBEDDINGS = "embeddings_"


@dataclass(frozen=True, slots=True)
class EncoderOrigin:
    """Where a release's base encoder came from.

    Attributes:
        source: What XNAI_ENCODER has to be to name the base encoder; None for the default one.
        configured: What XNAI_ENCODER was, which a promoted encoder takes the place of.
    """

    source: str | None = None
    configured: str | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """A release as its manifest records it.

    `table_versions` are those at the time of the release; ingest keeps writing to the tables afterwards. `ranking` is
    the ranking policy, None for the default. `cut_by` is the vector space of the encoder whose tokens measure the
    chunks, None for the release's own. `graph` is the revision of the knowledge graph, None if there is none. `source`
    and `configured` are those of its `EncoderOrigin`.
    """

    release: int
    created_at: str
    embeddings_table: str
    table_versions: dict[str, int | None]
    vector_space: str
    dimension: int
    encoder: str
    variant: str
    adapter: str | None
    questions: str | None
    metrics: dict[str, float]
    ranking: dict[str, Any] | None = None
    cut_by: str | None = None
    graph: str | None = None
    source: str | None = None
    configured: str | None = None


class MoveKind(StrEnum):
    """How the pointer came to a release."""

    PUBLISHED = "published"
    ROLLED_BACK = "rolled_back"
    REPAIRED = "repaired"


@dataclass(frozen=True, slots=True)
class Move:
    """A move of the pointer to a release: when (UTC, ISO 8601), how, and why as a phrase."""

    release: int
    at: str
    kind: MoveKind
    reason: str


class Releases:
    """The folder of manifests. `current.json` is replaced by an atomic rename and is the truth.

    The challenger's manifest is stored beside them; the challenger is embedded and measured but not released.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._challenger = folder / "challenger.json"

    def current(self) -> Release | None:
        """Return the current release, None before the first.

        Raises:
            ReleaseError: The pointer is damaged or lost, or the manifest that it names is damaged.
        """
        pointer = self._folder / "current.json"
        try:
            number = int(json.loads(pointer.read_text(encoding="utf-8"))["release"])
        except FileNotFoundError:
            if self.moves():  # not a new home: a first release made now would replace what was promoted
                raise ReleaseError(f"The pointer {pointer} is missing. `xnai doctor --fix` writes it again.") from None
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise ReleaseError(
                f"The pointer {pointer} is damaged ({error!r}). `xnai doctor --fix` writes it again."
            ) from error
        return self.read(number)

    def require(self) -> Release:
        """Return the current release.

        Raises:
            ReleaseError: There is none yet, or no home.
        """
        home = self._folder.parent
        if not home.is_dir():
            raise ReleaseError(f"There is no folder {home}. `xnai run` makes it, or set XNAI_HOME to one that it made.")
        release = self.current()
        if release is None:
            raise ReleaseError(f"Nothing is released in {home} yet. `xnai run` makes the first release.")
        return release

    def read(self, number: int) -> Release:
        """Return a release by its number.

        Raises:
            ReleaseError: It does not exist or its manifest is damaged.
        """
        path = self._folder / f"{number}.json"
        if not path.exists():
            raise ReleaseError(
                f"Release {number} does not exist: {path} is missing. `xnai releases` lists the releases."
            )
        return _read(path)

    def all(self) -> list[Release]:
        """Return the kept releases, oldest first."""
        return [self.read(number) for number in self._numbers()]

    def with_challenger(self) -> list[Release]:
        """Return the kept releases and the challenger: all whose tables and models must stay."""
        challenger = self.challenger()
        return [*self.all(), challenger] if challenger else self.all()

    def next_number(self) -> int:
        """Return the number after the newest manifest's and the challenger's; 1 before the first release.

        A manifest to which the pointer was never moved is of a first release that was cut off; its number is used
        again.
        """
        if not (self._folder / "current.json").exists() and not self.moves():
            return 1
        challenger = self.challenger()
        return 1 + max([*self._numbers(), challenger.release if challenger else 0])

    def _numbers(self) -> list[int]:
        return sorted(int(path.stem) for path in self._folder.glob("*.json") if path.stem.isdigit())

    def publish(self, release: Release, reason: str) -> None:
        """Write the manifest, then move the pointer to it. After a kill in between, the old release still serves."""
        self._write(f"{release.release}.json", asdict(release))
        self._point_to(release.release, MoveKind.PUBLISHED, reason)

    def roll_back(self, number: int, reason: str) -> None:
        """Make another kept release the current one, and record the move.

        Raises:
            ReleaseError: There is no such release.
        """
        self._point_to(number, MoveKind.ROLLED_BACK, reason)

    def repair_pointer(self) -> None:
        """Point to the release of the last recorded move again."""
        self._point_to(self.moves()[-1].release, MoveKind.REPAIRED, "the pointer was damaged or lost")

    def _point_to(self, number: int, kind: MoveKind, reason: str) -> None:
        self._write("current.json", {"release": self.read(number).release})
        append_line(self.moves_path, json.dumps(asdict(Move(number, now(), kind, reason))))

    @property
    def moves_path(self) -> Path:
        """The file of the moves."""
        return self._folder / "moves.jsonl"

    def moves(self) -> list[Move]:
        """Return the moves of the pointer, oldest first; skip a line cut off by a kill."""
        path = self.moves_path
        found = []
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                found.append(_move(json.loads(line)))
            except (ValueError, TypeError, KeyError):
                continue
        return found

    def undone(self) -> list[Release]:
        """Return the kept releases that a person rolled back from and did not go forward to again."""
        numbers: set[int] = set()
        current = 0
        for move in self.moves():
            if move.kind is MoveKind.ROLLED_BACK and move.release < current:
                numbers.add(current)
            current = move.release
            numbers.discard(current)
        return [release for release in self.all() if release.release in numbers]

    def set_ranking(self, number: int, ranking: dict[str, Any] | None) -> None:
        """Record the ranking policy in a release's manifest; searches opened from now on rank by it."""
        self._write(f"{number}.json", asdict(replace(self.read(number), ranking=ranking)))

    def set_graph(self, number: int, revision: str | None) -> None:
        """Record the revision of the knowledge graph in a release's manifest."""
        self._write(f"{number}.json", asdict(replace(self.read(number), graph=revision)))

    def challenger(self) -> Release | None:
        """Return the manifest that the challenger would have as a release, None if there is no challenger."""
        return _read(self._challenger) if self._challenger.exists() else None

    def challenge(self, challenger: Release | None) -> None:
        """Record the challenger; None removes it."""
        if challenger is None:
            remove(self._challenger)
        else:
            self._write(self._challenger.name, asdict(challenger))

    def _write(self, name: str, value: dict[str, Any]) -> None:
        write_json(self._folder / name, value)

    def vector_index_path(self, number: int) -> Path:
        """Return the path of the measurement of a release's approximate vector index."""
        return self._folder / f"{number}.vector_index.json"

    def questions_path(self, number: int) -> Path:
        """Return the path of the questions that a release was measured with."""
        return self._folder / f"{number}.questions.jsonl"

    def expire(self, number: int) -> None:
        """Remove a release; its manifest goes last, so that an expiry cut off by a kill is repeated.

        Raises:
            ReleaseError: It is the current one.
        """
        if self.require().release == number:
            raise ReleaseError(f"Release {number} is the current one and cannot expire.")
        for path in self.files(number):
            remove(path)

    def files(self, number: int) -> tuple[Path, ...]:
        """Return the paths of what is kept of a release, its manifest last; not all of them have to exist."""
        return self.vector_index_path(number), self.questions_path(number), self._folder / f"{number}.json"


def _move(fields: dict[str, Any]) -> Move:
    reason = str(fields["reason"])
    # version 0.1 wrote no kind; these words tell the two apart
    old = MoveKind.ROLLED_BACK if reason.startswith("rolled back") else MoveKind.PUBLISHED
    return Move(int(fields["release"]), str(fields["at"]), MoveKind(fields.get("kind", old)), reason)


def _read(path: Path) -> Release:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if "precision" in stored:  # version 0.1's name of the variant
            stored["variant"] = stored.pop("precision")
        return Release(**stored)
    except (ValueError, TypeError) as error:
        raise ReleaseError(f"The manifest {path} is damaged ({error}). Restore it, or point to another.") from error


def embeddings_table_name(number: int, vector_space: str) -> str:
    """Return the name of a release's embeddings table; it names the encoder, so another's table is never resumed."""
    return f"{_EMBEDDINGS}{number}_{vector_space}"


def is_embeddings_table(name: str) -> bool:
    """Return whether a table holds vectors, of a release or of a killed run."""
    return name.startswith(_EMBEDDINGS)


def now() -> str:
    """Return the current time, UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class EncoderCandidate:
    """The chosen encoder: a built artefact of this vector space, and the reasons as sentences.

    `base_sha256` names the weights it was made from; it is a candidate for those weights only.
    """

    variant: str
    vector_space: str
    base_sha256: str
    chosen_at: str
    reasons: tuple[str, ...]


def read_candidate(releases: Path) -> EncoderCandidate | None:
    """Return the candidate recorded in the releases folder, None if none was chosen.

    Raises:
        ReleaseError: The record is damaged.
    """
    path = releases / "candidate.json"
    if not path.exists():
        return None
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return EncoderCandidate(**{**stored, "reasons": tuple(stored["reasons"])})
    except (ValueError, TypeError, KeyError) as error:
        raise ReleaseError(f"{path} is damaged ({error}). Delete it; `xnai quantize` chooses again.") from error


def record_candidate(releases: Path, candidate: EncoderCandidate | None) -> None:
    """Replace the record atomically; None removes it."""
    if candidate is None:
        remove(releases / "candidate.json")
    else:
        write_json(releases / "candidate.json", asdict(candidate))
