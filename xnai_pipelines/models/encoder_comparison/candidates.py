"""Which encoders are compared: the current release's, and others built as a new release would have them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xnai_pipelines.encoders.packaged import MULTILINGUAL_ENCODER
from xnai_pipelines.encoders.source import lasting_name
from xnai_pipelines.errors import XnaiError
from xnai_pipelines.extras import missing
from xnai_pipelines.models.companion import build_named
from xnai_pipelines.state.artefacts import read_card
from xnai_pipelines.state.context import StageContext
from xnai_pipelines.state.manifest import Release


@dataclass(frozen=True, slots=True)
class ComparedEncoder:
    """An encoder to measure: its name, from any working directory, and its built folder, named by its vector space."""

    name: str
    folder: Path
    current: bool


def names_to_compare(named: Sequence[str], configured: str | None) -> list[str]:
    """Return the names of the encoders beside the current one.

    Args:
        named: Names that a person gave.
        configured: XNAI_ENCODER. It is compared if no name is given, and multilingual-e5-small if it is installed.
    """
    if named:
        return list(dict.fromkeys(named))
    installed = [] if missing("multilingual") else [MULTILINGUAL_ENCODER]
    return list(dict.fromkeys([*([configured] if configured else []), *installed]))


def build_candidates(
    context: StageContext, release: Release, names: Sequence[str]
) -> tuple[list[ComparedEncoder], dict[str, str]]:
    """Return the current encoder and those of the names, built as dynamic INT8, and why others cannot be.

    A name that stands for the current encoder's weights is left out.
    """
    models = context.home.models
    current = models / release.vector_space
    known = {_made_of(current)}
    found = [ComparedEncoder(release.encoder, current, current=True)]
    failed: dict[str, str] = {}
    for name in names:
        try:
            context.progress.say(f"Building {name} ...")
            folder = build_named(models, name, current)
            made_of = _made_of(folder)
        except (XnaiError, OSError, ValueError) as error:
            failed[name] = str(error)
            continue
        if made_of in known:
            continue
        known.add(made_of)
        found.append(ComparedEncoder(lasting_name(name), folder, current=False))
    return found, failed


def _made_of(folder: Path) -> str:
    """Return the hash of an encoder's weights, with its companion's."""
    card = read_card(folder)
    return " ".join(one["base"]["sha256"] for one in (card, card.get("companion")) if one)
