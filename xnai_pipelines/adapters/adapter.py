"""Stored adapters: found, read, and rejected if they are damaged or of another base."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xnai_pipelines.adapters.config import AdapterConfig, Task
from xnai_pipelines.encoders.specification import EncoderSpec
from xnai_pipelines.errors import AdaptationError, AdapterConfigError, DamagedArtefactError
from xnai_pipelines.state.artefacts import CARD, read_card

CURVE_FILE = "curve.json"

_CARD_LIMIT = 64 << 20  # bytes; a card names every training document


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """A trained adapter, as its card describes it.

    `dimension` is the width of the base's vectors. `metrics` are numbers by name. `damage` says why the adapter cannot
    be used, None if it can. For a damaged one the folder is known, and the documents if its card can still be read.
    """

    folder: Path
    task: Task | None = None
    base_name: str = ""
    base_sha256: str = ""
    data_sha256: str = ""
    dimension: int = 0
    documents: tuple[str, ...] = ()
    config: AdapterConfig | None = None
    metrics: Mapping[str, float]
    libraries: Mapping[str, str]
    device: str = ""
    damage: str | None = None

    @property
    def adapter_id(self) -> str:
        """16 hexadecimal digits, the folder's name."""
        return self.folder.name

    def curve(self) -> dict[str, list[dict[str, Any]]]:
        """Return loss, learning rate and seconds by step, and the validation figures: steps, validation."""
        content: dict[str, list[dict[str, Any]]] = json.loads((self.folder / CURVE_FILE).read_text(encoding="utf-8"))
        return content


def load_adapter(folder: Path, base: EncoderSpec | None = None) -> Adapter:
    """Return an undamaged adapter that fits the base, after comparing each file's SHA-256 with the card.

    Raises:
        AdaptationError: It is missing, damaged, or of another task, base or dimension.
    """
    adapter = _read(folder)
    if base is None:
        return adapter
    if adapter.task is not Task.ENCODER:
        raise AdaptationError(f"The adapter {adapter.adapter_id} is for a language model, not for a sentence encoder.")
    if adapter.dimension != base.dimension:
        raise AdaptationError(
            f"The adapter {adapter.adapter_id} is for vectors of {adapter.dimension} dimensions ({adapter.base_name}); "
            f"the encoder in {base.source} has {base.dimension}. Train an adapter for this encoder."
        )
    if adapter.base_sha256 != base.weights_sha256:
        raise AdaptationError(
            f"The adapter {adapter.adapter_id} was trained on {adapter.base_name} with weights of SHA-256 "
            f"{adapter.base_sha256[:12]}; those in {base.source} have {base.weights_sha256[:12]}. It cannot be used "
            "with another base. Train an adapter for this encoder."
        )
    return adapter


def list_adapters(folder: Path) -> list[Adapter]:
    """Return the adapters in a folder by id; for one that cannot be used, `damage` says why."""
    if not folder.is_dir():
        return []
    found = []
    for path in sorted(folder.iterdir()):
        if not path.is_dir() or path.name.startswith(".") or not _is_id(path.name):
            continue
        try:
            found.append(_read(path))
        except AdaptationError as error:
            found.append(Adapter(folder=path, metrics={}, libraries={}, damage=str(error), documents=_documents(path)))
    return found


def _documents(folder: Path) -> tuple[str, ...]:
    """Return the training documents of a damaged adapter: it may still contain deleted data."""
    try:
        return tuple(map(str, json.loads((folder / CARD).read_text(encoding="utf-8"))["data"]["documents"]))
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def _is_id(name: str) -> bool:
    return len(name) == 16 and set(name) <= set("0123456789abcdef")


def _read(folder: Path) -> Adapter:
    if not folder.is_dir():
        raise AdaptationError(f"There is no adapter {folder.name} in {folder.parent}.")
    try:
        if (folder / CARD).is_file() and (folder / CARD).stat().st_size > _CARD_LIMIT:
            raise AdaptationError(f"The card of the adapter {folder.name} is larger than {_CARD_LIMIT >> 20} MiB.")
        card = read_card(folder)
        base, data = card["base"], card["data"]
        return Adapter(
            folder=folder,
            task=Task(card["task"]),
            base_name=str(base["name"]),
            base_sha256=str(base["sha256"]),
            data_sha256=str(data["sha256"]),
            dimension=int(base["dimension"]),
            documents=tuple(map(str, data["documents"])),
            config=AdapterConfig.from_json(card["config"]),
            metrics={str(name): float(value) for name, value in card["metrics"].items()},
            libraries=dict(card["libraries"]),
            device=str(card["device"]),
        )
    except DamagedArtefactError as error:
        raise AdaptationError(f"The adapter {folder.name} is damaged: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError, AdapterConfigError) as error:
        raise AdaptationError(
            f"The card of the adapter {folder.name} cannot be read ({type(error).__name__}: {error}). Delete the "
            f"folder {folder}; the next training makes it again."
        ) from error
