"""Reads the settings, from the environment or from given values."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from xnai_pipelines.errors import SettingsError
from xnai_pipelines.settings.answers import AnswerSettings
from xnai_pipelines.settings.backups import BackupSettings
from xnai_pipelines.settings.compute import ComputeSettings
from xnai_pipelines.settings.documents import DocumentSettings
from xnai_pipelines.settings.graph import GraphSettings
from xnai_pipelines.settings.models import ModelSettings
from xnai_pipelines.settings.quality import QualitySettings
from xnai_pipelines.settings.refusal import nearest_name, refusal
from xnai_pipelines.settings.search import SearchSettings
from xnai_pipelines.settings.servers import ServerSettings

# Refused rather than ignored, or a limit that somebody set would silently disappear.
RENAMED = {"XNAI_MAX_MODEL_MB": "XNAI_MAX_MEMORY_MB", "XNAI_PRECISION": "XNAI_VARIANT"}
MOST = 1_000_000_000  # of any number; what is made of it, such as bytes of so many MB, fits into 64 bits
# Read by the files of Dagster and of the compose file, by state/leases.py, or by `source_secret` in environment.py.
NO_SETTINGS = ("XNAI_DAGSTER", "XNAI_METRICS_TOKEN_FILE", "XNAI_POSTGRES_", "XNAI_PROMETHEUS_PORT", "XNAI_SOURCE_")


class Settings(
    DocumentSettings,
    SearchSettings,
    GraphSettings,
    ModelSettings,
    QualitySettings,
    AnswerSettings,
    BackupSettings,
    ComputeSettings,
    ServerSettings,
    BaseSettings,
):
    """Settings from the variables `XNAI_<NAME>`, validated when they are read."""

    model_config = SettingsConfigDict(env_prefix="XNAI_", env_ignore_empty=True, frozen=True, extra="ignore")

    @field_validator("*")
    @classmethod
    def _is_bounded(cls, value: Any) -> Any:
        if isinstance(value, int | float) and not value <= MOST:  # infinity, and what is not a number
            raise ValueError(f"it must be at most {MOST}")
        return value


class GivenSettings(Settings):
    """Settings from given values only. Other fields have their defaults, and the environment is ignored."""

    model_config = SettingsConfigDict(extra="forbid")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the values given as the only source."""
        return (init_settings,)


@cache
def settings() -> Settings:
    """Return the validated settings of this process.

    Raises:
        SettingsError: Values of variables are not allowed, or they have other names now; the message names all.
    """
    faults = [
        f"{old}={os.environ[old]!r} is set: the setting is called {new} now."
        for old, new in RENAMED.items()
        if old in os.environ
    ]
    try:
        found = Settings()
    except ValidationError as error:
        wrong = refusal(error, Settings.model_fields, lambda name: f"XNAI_{name.upper()}")
        raise SettingsError(" ".join([*faults, str(wrong)])) from None
    if faults:
        raise SettingsError(" ".join(faults))
    return found


def given_settings(**values: Any) -> Settings:
    """Return settings with these values; all others have their defaults.

    Raises:
        SettingsError: A value is not allowed, or no setting has that name; the message names it.
    """
    try:
        return GivenSettings(**values)
    except ValidationError as error:
        raise refusal(error, Settings.model_fields, str) from None


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable of ours that is not a setting, with the nearest setting."""
    known = [f"XNAI_{name.upper()}" for name in Settings.model_fields]
    return [
        f"{name} is set, but there is no such setting{nearest_name(name, known)}."
        for name in sorted(environment)
        if name.startswith("XNAI_") and name not in known and name not in RENAMED and not name.startswith(NO_SETTINGS)
    ]
