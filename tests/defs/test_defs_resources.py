"""Resources have the settings of the process, and the launchpad of a run may override them within the same bounds."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from xnai_pipelines.defs.resources import SourceResource, StoresResource
from xnai_pipelines.errors import SettingsError
from xnai_pipelines.settings import given_settings
from xnai_pipelines.settings.intake import Intake


def launched(source: SourceResource, **config: Any) -> Intake:
    """Return what a run reads if a person changes this in the config that the launchpad fills in."""
    filled_in = {name: value for name, value in dict(source).items() if value is not None}
    changed = {"source": {"config": {**filled_in, **config}}}
    with dg.build_resources({"source": source}, resource_config=changed) as resources:
        return resources.source.intake()


def test_a_resource_gives_back_the_settings_that_it_was_made_of(tmp_path: Path):
    settings = given_settings(home=tmp_path, documents=tmp_path, questions="none", exclude="*.tmp, /old", unpack_mb=9)
    intake = SourceResource.of(settings).intake()
    assert intake.settings == given_settings(**settings.model_dump(include=set(SourceResource.model_fields)))
    assert intake.rules() == Intake(settings).rules()


def test_the_launchpad_overrides_a_setting_for_one_run(tmp_path: Path):
    source = SourceResource.of(given_settings(home=tmp_path, max_file_mb=3, vanish_count=7))
    settings = launched(source, max_file_mb=5, exclude=["*.log"]).settings
    assert (settings.max_file_mb, settings.vanish_count, settings.exclude) == (5, 7, ("*.log",))


def test_the_launchpad_is_held_to_the_bounds_of_the_settings(tmp_path: Path):
    with pytest.raises(SettingsError, match="vanish_share"):
        launched(SourceResource.of(given_settings(home=tmp_path)), vanish_share=30.0)


def test_the_launchpad_shows_what_the_settings_say_of_themselves():
    fields = type(given_settings()).model_fields
    for resource in (SourceResource, StoresResource):
        for name, field in resource.model_fields.items():
            assert field.description == fields[name].description
