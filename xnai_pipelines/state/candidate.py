"""The candidate: the encoder that the precision card chose for the next release, and why."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from xnai_pipelines.errors import ReleaseError
from xnai_pipelines.state.layout import write_json


@dataclass(frozen=True, slots=True)
class Candidate:
    """The encoder chosen: a built artefact of this vector space, and the reasons in words.

    `base_sha256` names the weights that it was made from; for other weights it is no candidate.
    """

    variant: str
    vector_space: str
    base_sha256: str
    chosen_at: str
    reasons: tuple[str, ...]


def read_candidate(releases: Path) -> Candidate | None:
    """Return the candidate recorded in the folder of releases, None where none was chosen.

    Raises:
        ReleaseError: The record is damaged.
    """
    path = releases / "candidate.json"
    if not path.exists():
        return None
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return Candidate(**{**stored, "reasons": tuple(stored["reasons"])})
    except (ValueError, TypeError, KeyError) as error:
        raise ReleaseError(f"{path} is damaged ({error}). Delete it; `xnai quantize` chooses again.") from error


def record_candidate(releases: Path, candidate: Candidate | None) -> None:
    """Replace the record, whole or not at all; None removes it."""
    if candidate is None:
        (releases / "candidate.json").unlink(missing_ok=True)
    else:
        write_json(releases / "candidate.json", asdict(candidate))
