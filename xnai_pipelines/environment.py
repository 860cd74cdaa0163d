"""The environment that Dagster, MLflow and Hugging Face read: where state lies, and nothing sent anywhere."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xnai_pipelines.encoders.packaged import MULTILINGUAL_ENCODER
from xnai_pipelines.errors import SettingsError, XnaiError
from xnai_pipelines.settings import Settings
from xnai_pipelines.state.claim import recorded_inputs, unwritable
from xnai_pipelines.state.layout import Home, remove, write_bytes
from xnai_pipelines.state.migration import migrate
from xnai_pipelines.state.relocation import path_for_urls
from xnai_pipelines.state.rights import forbidden
from xnai_pipelines.state.table_claim import claim_tables

DAGSTER_FILES = ("workspace.yaml", "dagster.yaml")


def prepare(settings: Settings) -> None:
    """Point this process and those it starts at the home's Dagster instance, and switch reporting home off.

    A `DAGSTER_HOME` that the user set for other projects is not followed: the setting `dagster_home` is, here and in
    every process started from here. The documents of an organisation are nobody else's business, nor is how often
    they are searched.

    Raises:
        SettingsError: A new home would be the documents folder itself.
    """
    if settings.documents == settings.home and recorded_inputs(Home(settings.home)) is None:
        raise SettingsError(
            f"XNAI_DOCUMENTS and XNAI_HOME both name {settings.home}, so state would be written among the documents. "
            "Set XNAI_HOME to another folder."
        )
    os.environ.update(
        {
            "DAGSTER_HOME": str(dagster_home(settings)),
            "XNAI_HOME": str(settings.home),
            "XNAI_CODE_PORT": str(settings.code_port),
        }
    )
    send_nothing()
    quiet = {
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "MLFLOW_LOGGING_LEVEL": "WARNING",
        # eight processes for evaluations that MLflow itself would run; its server waits for them when it is stopped
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "TOKENIZERS_PARALLELISM": "false",
    }
    # The hub is asked only when the user names a model by its hub id.
    here = settings.encoder in (None, MULTILINGUAL_ENCODER) or Path(settings.encoder).expanduser().is_dir()
    if here:
        quiet["HF_HUB_OFFLINE"] = "1"
    for name, value in quiet.items():
        os.environ.setdefault(name, value)


def dagster_home(settings: Settings) -> Path:
    """Return the folder of the Dagster instance, by a path that Dagster can paste into a URL."""
    return path_for_urls(settings.dagster_home or Home(settings.home).dagster)


def source_secret(name: str, part: str) -> str | None:
    """Return a secret of a source, None if it is unset: `XNAI_SOURCE_<NAME>_<PART>`, hyphens as underscores.

    The variable's name is made from the source's, so a list of sources cannot name other variables as its secrets.
    """
    return os.environ.get(f"XNAI_SOURCE_{name}_{part}".upper().replace("-", "_")) or None


def send_nothing() -> None:
    """Switch off what libraries report home about, unless the user switched it on."""
    off = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "HF_HUB_DISABLE_TELEMETRY": "1"}
    for name, value in off.items():
        os.environ.setdefault(name, value)


def is_begun(home: Home) -> bool:
    """Return whether anything was ever stored: a folder that is missing or empty is no home yet.

    Raises:
        HomeError: It cannot be looked at.
    """
    try:
        with os.scandir(home.root) as entries:
            return any(True for _ in entries)
    except FileNotFoundError:
        return False
    except PermissionError as error:
        raise forbidden(home.root) from error
    except OSError as error:
        raise unwritable(home, error) from error


@contextmanager
def home_for(settings: Settings) -> Iterator[None]:
    """Make the home as `make_home` does; nothing of a new one remains if the block is refused before storing anything.

    Raises:
        HomeError, SettingsError: Those of `make_home`.
    """
    home = Home(settings.home)
    begun, there = is_begun(home), home.root.exists()
    make_home(settings)
    try:
        yield
    except XnaiError:
        if not begun and {path.name for path in home.root.rglob("*")} <= {home.dagster.name, *DAGSTER_FILES}:
            remove(home.dagster)
            if not there:
                home.root.rmdir()
        raise


def make_home(settings: Settings) -> None:
    """Make the folder of all state and Dagster's files in it, or bring one of an earlier version up to date.

    Raises:
        HomeError: It cannot be made, or not be written.
        SettingsError: The tables lie elsewhere than XNAI_LANCEDB_URI says.
    """
    home = Home(settings.home)
    try:
        home.dagster.mkdir(parents=True, exist_ok=True)
        for name in DAGSTER_FILES[:1] if settings.dagster_home else DAGSTER_FILES:
            ours = (Path(__file__).parent / name).read_bytes()
            if not (home.dagster / name).is_file() or (home.dagster / name).read_bytes() != ours:
                write_bytes(home.dagster / name, ours)
    except OSError as error:
        raise unwritable(home, error) from error
    migrate(home, lambda sentence: print(sentence, file=sys.stderr))
    claim_tables(home, settings.lancedb_uri)


def check_instance(settings: Settings) -> None:
    """Check that the Dagster instance of the settings is there. What starts no run, such as the service, needs none.

    Raises:
        SettingsError: XNAI_DAGSTER_HOME names no folder with a dagster.yaml.
    """
    if settings.dagster_home and not (settings.dagster_home / "dagster.yaml").is_file():
        raise SettingsError(
            f"XNAI_DAGSTER_HOME={str(settings.dagster_home)!r} is not a folder with a dagster.yaml. Put one there, "
            "or unset it to use the one of the home."
        )


def check_writable(settings: Settings) -> None:
    """Check that a run can write to the home.

    Raises:
        HomeError: It cannot.
    """
    home = Home(settings.home)
    for folder in (home.root, home.dagster):
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise unwritable(home, error) from error
