"""Profiles as files: arrays in a .npz without pickle, written atomically."""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.autonomy.drift.canary import CanaryResult
from xnai_pipelines.autonomy.drift.profile import GROUPS, Mix, Profile, TextProfile
from xnai_pipelines.errors import DriftError
from xnai_pipelines.state.layout import write_bytes

_FORMAT = 1
# Max size of a file, packed or unpacked. A profile of 4,096 dimensions has 8 MB.
_MAX_BYTES = 64_000_000

_TEXT_ARRAYS: dict[str, tuple[type[np.generic], int]] = {
    "sums": (np.float64, 2),
    "numbers": (np.int64, 1),
    "distances": (np.float64, 1),
    "distance_groups": (np.uint8, 1),
    "words": (np.uint64, 1),
    "word_counts": (np.int64, 1),
    "word_groups": (np.uint32, 1),
    "languages": (np.int64, 2),
    "media_types": (np.int64, 2),
}


def save_profile(profile: Profile, path: Path) -> None:
    """Replace the file `path` atomically by the profile (1 to 2 MB)."""
    arrays: dict[str, NDArray[Any]] = {}
    about: dict[str, Any] = {
        "format": _FORMAT,
        "release": profile.release,
        "taken_at": profile.taken_at.isoformat(),
        "document_count": profile.document_count,
        "canary": None,
    }
    for part, texts in (("documents", profile.documents), ("questions", profile.questions)):
        for name in _TEXT_ARRAYS:
            value = getattr(texts, name)
            arrays[f"{part}.{name}"] = value.counts if isinstance(value, Mix) else value
        about[part] = {
            "broken": texts.broken,
            "languages": texts.languages.names,
            "media_types": texts.media_types.names,
        }
    if profile.canary is not None:
        arrays |= {"canary.passages": profile.canary.passages, "canary.questions": profile.canary.questions}
        about["canary"] = {"exact": profile.canary.exact, "texts": profile.canary.texts}
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_bytes(path, buffer.getvalue())


def load_profile(path: Path) -> Profile:
    """Return the profile that `save_profile` wrote.

    Raises:
        DriftError: The file is missing, damaged, too large, or of another version.
    """
    try:
        arrays = _arrays(path)
        about = json.loads(arrays["about"].tobytes())
        if about["format"] != _FORMAT:
            raise ValueError(f"format {about['format']}, not {_FORMAT}")
        return Profile(
            release=int(about["release"]),
            taken_at=datetime.fromisoformat(about["taken_at"]),
            documents=_texts(arrays, "documents", about["documents"]),
            questions=_texts(arrays, "questions", about["questions"]),
            document_count=int(about["document_count"]),
            canary=_canary(arrays, about["canary"]),
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        raise DriftError(
            f"The profile {path} cannot be read ({type(error).__name__}: {error}). Delete it: the next evaluation "
            "takes it again, and drift is measured from then on."
        ) from error


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    with zipfile.ZipFile(io.BytesIO(content[:_MAX_BYTES])) as archive:
        if len(content) > _MAX_BYTES or sum(entry.file_size for entry in archive.infolist()) > _MAX_BYTES:
            raise ValueError(f"more than {_MAX_BYTES:,} bytes")
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _texts(arrays: Mapping[str, NDArray[Any]], part: str, about: Mapping[str, Any]) -> TextProfile:
    read = {name: _array(arrays, f"{part}.{name}", *form) for name, form in _TEXT_ARRAYS.items()}
    languages, media_types = (
        Mix(tuple(map(str, about[name])), read.pop(name)) for name in ("languages", "media_types")
    )
    by_group = (read["sums"], read["numbers"], languages.counts, media_types.counts)
    if (
        any(len(array) != GROUPS for array in by_group)
        or any(mix.counts.shape[1] != len(mix.names) for mix in (languages, media_types))
        or len(read["distances"]) != len(read["distance_groups"])
        or not len(read["words"]) == len(read["word_counts"]) == len(read["word_groups"])
        or not np.isfinite(read["sums"]).all()
        or (len(read["distance_groups"]) and read["distance_groups"].max() >= GROUPS)
    ):
        raise ValueError(f"the arrays of the {part} do not fit together")
    return TextProfile(broken=int(about["broken"]), languages=languages, media_types=media_types, **read)


def _canary(arrays: Mapping[str, NDArray[Any]], about: Mapping[str, Any] | None) -> CanaryResult | None:
    if about is None:
        return None
    passages, questions = (_array(arrays, f"canary.{name}", np.float32, 2) for name in ("passages", "questions"))
    if passages.shape != questions.shape:
        raise ValueError("the canary's arrays do not fit together")
    return CanaryResult(passages, questions, bool(about["exact"]), str(about["texts"]))


def _array(arrays: Mapping[str, NDArray[Any]], name: str, kind: type[np.generic], dimensions: int) -> NDArray[Any]:
    array = arrays[name]
    if array.dtype != kind or array.ndim != dimensions:
        raise ValueError(f"{name} is {array.dtype} with {array.ndim} dimensions")
    return array
