"""Fixtures that several folders of tests share."""

import ctypes
import gc
import os
import re
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.commands import share_server
from tests.support.fast_disk import make_disk_fast
from tests.support.once import made_once
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.source import default_encoder_folder
from xnai_pipelines.encoders.specification import read_specification
from xnai_pipelines.models.export import build_encoder

pytest_plugins = [
    "tests.support.homes",
    "tests.support.postgres",
    "tests.support.object_stores",
    "tests.support.tiny_bert",
    "tests.support.tiny_gpt",
    "tests.support.tracked",
]

# The same examples in every run, so that a change fails for what it changed; other ones by
# `pytest --hypothesis-profile=explore`. How long one takes says nothing on a machine that does other things too.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fixed", settings.get_profile("unhurried"), derandomize=True)
settings.register_profile("explore", settings.get_profile("unhurried"), print_blob=True)
settings.load_profile("fixed")
# A proxy reaches no server of a test, and what a hook of Git or `make test` was given is not for the tests' own.
FOREIGN = re.compile(r"(?i:https?|all)_proxy|GIT_(?!CONFIG|SSH)\w+|MAKE\w+|MFLAGS")
for _name in filter(FOREIGN.fullmatch, list(os.environ)):
    del os.environ[_name]
make_disk_fast()
gc.set_threshold(100_000)  # the imports of a test process make a million objects, and no garbage

# Fixtures that take seconds to make, or import torch: what needs one is not of the inner loop.
HEAVY = {
    *("built_encoder", "fp32_encoder", "mlflow_database"),
    *("small_bert", "tiny_albert", "tiny_bert", "tiny_encoder", "tiny_gpt", "tiny_gpt2", "tiny_llama", "untied_llama"),
}


def pytest_configure(config: pytest.Config) -> None:
    """Let the processes of `--numprocesses` share the server of their commands: its imports take ten seconds."""
    if config.getoption("numprocesses", None):  # None in those processes
        share_server()


@pytest.hookimpl(tryfirst=True)  # before -m selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a heavy fixture as slow. Put the files that may take longest first, see `_length`."""
    for item in items:
        asked_for = getattr(item, "callspec", None)  # fixtures that a test gets by the names that it is given
        names = [*getattr(item, "fixturenames", ()), *(map(str, asked_for.params.values()) if asked_for else ())]
        if HEAVY.intersection(names):
            item.add_marker(pytest.mark.slow)
    longest: dict[Path, tuple[float, bool, bool]] = {}
    for item in items:
        longest[item.path] = max(longest.get(item.path, (0, False, False)), _length(item))
    items.sort(key=lambda item: longest[item.path], reverse=True)


def _length(item: pytest.Item) -> tuple[float, bool, bool]:
    """Return how long a test may take: by a limit of its own, by servers that it starts, by whether it is slow.

    So quick files come last, and no process is left with a long one while another waits.
    """
    limit = item.get_closest_marker("timeout")
    return limit.args[0] if limit else 0.0, "e2e" in item.keywords, "slow" in item.keywords


def pytest_collection_finish() -> None:
    _keep_imports()


def _keep_imports() -> None:
    """Have Python look for no garbage in what the imports made: a million objects that stay."""
    gc.collect()
    gc.freeze()
    _imported[0] = len(sys.modules)


@pytest.fixture(autouse=True)
def memory_given_back() -> Iterator[None]:
    """Give back what models took: cycles and the C allocator would keep 200 MB of each export."""
    yield
    if len(sys.modules) > _imported[0] + 300:  # a large library, imported by what needs it
        _keep_imports()
    if _resident_mb() > _held_mb[0] + 100:  # not after each test: looking for cycles takes time
        gc.collect()
        if sys.platform == "linux":
            ctypes.CDLL("libc.so.6").malloc_trim(0)
        _held_mb[0] = _resident_mb()


_imported = [0]  # modules whose objects are kept
_held_mb = [0.0]  # since memory was last given back


def _resident_mb() -> float:
    """Return the memory that this process holds; where that is not known, the most that it ever held."""
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


@pytest.fixture(scope="session")
def built_encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """The default encoder at the default precision, INT8; its folder is `built_encoder.spec.source`."""
    return _built(tmp_path_factory, Runtime.INT8_DYNAMIC)


@pytest.fixture(scope="session")
def fp32_encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """The default encoder in full precision."""
    return _built(tmp_path_factory, Runtime.FP32)


def _built(folders: pytest.TempPathFactory, runtime: Runtime) -> Encoder:
    spec = read_specification(default_encoder_folder(), runtime)
    models = made_once(folders, f"models_{runtime}", lambda models: build_encoder(spec, models))
    return Encoder.load(models / spec.vector_space, threads=1)


@pytest.fixture(scope="session")
def mlflow_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of MLflow's, to be copied; making one takes seconds."""

    def make(folder: Path) -> None:
        import mlflow

        mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db").search_experiments()

    return made_once(tmp_path_factory, "mlflow_database", make) / "mlflow.db"
