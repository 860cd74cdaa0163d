"""The candidate: the encoder that the precision card chose for the next release, and why."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from xnai_pipelines.errors import ReleaseError
from xnai_pipelines.state.layout import write_json


@dataclass(frozen=True, slots=True)
class Candidate:
    """The chosen encoder: a built artefact of this vector space, and the reasons as sentences.

    `base_sha256` names the weights it was made from; it is a candidate for those weights only.
    """

    variant: str
    vector_space: str
    base_sha256: str
    chosen_at: str
    reasons: tuple[str, ...]


def read_candidate(releases: Path) -> Candidate | None:
    """Return the candidate recorded in the releases folder, None if none was chosen.

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
    """Replace the record atomically; None removes it."""
    if candidate is None:
        (releases / "candidate.json").unlink(missing_ok=True)
    else:
        write_json(releases / "candidate.json", asdict(candidate))
