"""One home belongs to one folder of documents.

Without this rule a run against another folder would see every document of the first as deleted.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from xnai_pipelines.errors import HomeError
from xnai_pipelines.state.layout import Home, write_json


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a home reads: its folder of documents, for good, and its labelled questions, as last named."""

    documents: Path
    questions: Path | None


def recorded_inputs(home: Home) -> Inputs | None:
    """Return what the home was used with, None before its first run."""
    path = home.root / "home.json"
    if not path.exists():
        return None
    stored = json.loads(path.read_text(encoding="utf-8"))
    return Inputs(Path(stored["documents"]), Path(stored["questions"]) if stored["questions"] else None)


def resolve_inputs(home: Home, documents: Path | None, questions: Path | None) -> Inputs:
    """Return the inputs of a run: those asked for, else those recorded, else the sample where it was written.

    Raises:
        HomeError: Another folder than the recorded one is asked for, or none is known.
    """
    recorded = recorded_inputs(home)
    if recorded is None:
        if documents is not None:
            return Inputs(documents, questions)
        if home.sample.is_dir():
            return Inputs(home.sample / "documents", questions or home.sample / "questions.jsonl")
        raise HomeError(
            "No folder of documents is known. Set XNAI_DOCUMENTS to a folder, or write the sample with `xnai sample`."
        )
    if documents is not None:
        _refuse_other(home, recorded, documents)
    return Inputs(recorded.documents, questions or recorded.questions)


def _refuse_other(home: Home, recorded: Inputs, documents: Path) -> None:
    if documents != recorded.documents:
        raise HomeError(
            f"The home {home.root} belongs to the documents in {recorded.documents}, not to {documents}. Set XNAI_HOME "
            "to another folder to keep both, or unset XNAI_DOCUMENTS to go on with this one."
        )


def claim(home: Home, inputs: Inputs) -> None:
    """Record the inputs of the home, so that the command line and the UI read the same ones.

    Raises:
        HomeError: The home belongs to another folder of documents, or cannot be written.
    """
    recorded = recorded_inputs(home)
    if recorded == inputs:
        return
    if recorded is not None:
        _refuse_other(home, recorded, inputs.documents)
    stored = {name: None if path is None else str(path) for name, path in asdict(inputs).items()}
    try:
        write_json(home.root / "home.json", stored)
    except OSError as error:
        raise unwritable(home, error) from error


def unwritable(home: Home, error: OSError) -> HomeError:
    """Return the error that says that the home cannot be written, and what to do."""
    return HomeError(
        f"The state folder {home.root} cannot be written ({error.strerror}). Make it writable, or set XNAI_HOME to "
        "a folder that is."
    )
