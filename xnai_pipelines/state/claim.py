"""Each home is bound to one documents folder.

Without this rule, a run with another folder would treat every document of the first as deleted.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from xnai_pipelines.errors import HomeError, InputsError
from xnai_pipelines.state.full_disk import disk_is_full, is_of_full_disk
from xnai_pipelines.state.layout import Home, write_json

# The value of XNAI_QUESTIONS that goes back to generated questions; every other one is an absolute path.
GENERATED = Path("none")
ACCESS_FILE = "access.yaml"  # in the documents folder: who may read which document


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a home reads: its documents folder, which never changes, and the labelled questions last named."""

    documents: Path
    questions: Path | None


def recorded_inputs(home: Home) -> Inputs | None:
    """Return the inputs the home was used with, None before its first run."""
    path = home.root / "home.json"
    if not path.exists():
        return None
    stored = json.loads(path.read_text(encoding="utf-8"))
    return Inputs(home.root / stored["documents"], home.root / stored["questions"] if stored["questions"] else None)


def resolve_inputs(home: Home, documents: Path | None, questions: Path | None) -> Inputs:
    """Return the inputs of a run: the given ones, else the recorded ones, else the sample if it was written.

    `GENERATED` as questions stands for generated ones.

    Raises:
        InputsError: The given folder is not the recorded one, or no folder is known.
    """
    recorded = recorded_inputs(home)
    if recorded is None:
        if documents is not None:
            return Inputs(documents, _chosen(questions, None))
        if home.sample.is_dir():
            return Inputs(home.sample / "documents", _chosen(questions, home.sample / "questions.jsonl"))
        raise InputsError(
            "No documents folder is known. Set XNAI_DOCUMENTS to a folder, or write the sample with `xnai sample`."
        )
    if documents is not None:
        _refuse_other(home, recorded, documents)
    return Inputs(recorded.documents, _chosen(questions, recorded.questions))


def _chosen(questions: Path | None, otherwise: Path | None) -> Path | None:
    return None if questions == GENERATED else questions or otherwise


def _refuse_other(home: Home, recorded: Inputs, documents: Path) -> None:
    if documents != recorded.documents:
        raise InputsError(
            f"The state folder {home.root} is bound to the documents in {recorded.documents}, not to {documents}. Set "
            "XNAI_HOME to another folder to keep both, or unset XNAI_DOCUMENTS to continue with this one."
        )


def claim(home: Home, inputs: Inputs) -> None:
    """Record the home's inputs, so that the command line and the UI read the same ones.

    Raises:
        InputsError: The home is bound to another documents folder.
        HomeError: It cannot be written.
    """
    recorded = recorded_inputs(home)
    if recorded == inputs:
        return
    if recorded is not None:
        _refuse_other(home, recorded, inputs.documents)
    stored = {name: None if path is None else _recorded(home, path) for name, path in asdict(inputs).items()}
    try:
        write_json(home.root / "home.json", stored)
    except OSError as error:
        raise unwritable(home, error) from error


def _recorded(home: Home, path: Path) -> str:
    """Return the path to record: of a file in the home relative to it, so that the home can be moved with it."""
    return str(path.relative_to(home.root) if path.is_relative_to(home.root) else path)


def unwritable(home: Home, error: OSError) -> HomeError:
    """Return the error for a home that cannot be written."""
    if is_of_full_disk(error):
        return disk_is_full(home.root, error)
    return HomeError(
        f"The state folder {home.root} cannot be written ({error.strerror}). Make it writable, or set XNAI_HOME to "
        "a writable folder."
    )
