"""How many hard negatives a training question gets is the run's choice, else the setting's."""

from types import SimpleNamespace
from typing import Any

import pytest

from xnai_pipelines.defs import adapters


class AskedError(Exception):
    """Ends the stage with the number that it was asked for."""


@pytest.mark.parametrize(("of_run", "asked"), [(None, 0), (3, 3)])
def test_hard_negatives_are_those_of_the_settings_unless_the_run_names_a_number(monkeypatch, of_run, asked):
    def make(*_: object, negatives: int, **__: object) -> None:
        raise AskedError(negatives)

    monkeypatch.setattr(adapters, "make_training_pairs", make)
    base: Any = SimpleNamespace(settings=SimpleNamespace(hard_negatives=0, least_pairs=200))
    stores: Any = SimpleNamespace(stage_context=lambda _: None)
    context: Any = None
    encoder: Any = SimpleNamespace(threads=1)
    with pytest.raises(AskedError, match=f"^{asked}$"):
        adapters.training_pairs(context, adapters.TrainingPairsConfig(negatives=of_run), base, stores, encoder)
