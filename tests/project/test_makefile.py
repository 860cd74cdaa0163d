"""The Makefile explains itself, refuses in sentences, and cleans without touching state."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that make looks at, in a folder of the test's own."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("xnai_pipelines", "tests", "benchmarks"):
        (tmp_path / name / "__pycache__").mkdir(parents=True)
    return tmp_path


def _make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make without the settings of the make that may run the tests: `clean` removes the folder VENV."""
    settings = ("VENV", "PYTHON", "FREE_GB", "ARGS", "WORKERS", "DATA", "PROGRAMS")
    environment = {name: value for name, value in os.environ.items() if name not in settings}
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


def test_make_alone_lists_every_target(checkout: Path) -> None:
    finished = _make(checkout)
    listed = [line.split()[1] for line in finished.stdout.splitlines()]
    build = [
        "help",
        "demo",
        "demo-answers",
        "demo-models",
        "demo-retrain",
        "test",
        "check",
        "programs",
        "soak",
        "fuzz",
        "ui",
        "lint",
        "docs",
        "bench",
    ]
    assert listed == [*build, "clean"]


@pytest.mark.parametrize("python", ["true-but-not-there", "./old"])
def test_a_missing_or_old_python_is_refused_before_anything_is_installed(checkout: Path, python: str) -> None:
    old = checkout / "old"
    old.write_text("#!/bin/sh\nexit 1\n")  # what the version check of an old Python ends with
    old.chmod(0o755)
    finished = _make(checkout, "demo", f"PYTHON={python}")
    assert finished.returncode != 0
    assert f"Python 3.11 or newer is needed; '{python}' is not." in finished.stderr
    assert not (checkout / ".venv").exists()


def test_a_full_disk_is_noticed_before_anything_is_installed(checkout: Path) -> None:
    finished = _make(checkout, "demo", "FREE_GB=999999")
    assert finished.returncode != 0
    assert "Installing takes up to 999999 GB here and" in finished.stderr
    assert not (checkout / ".venv").exists()


def test_what_is_installed_is_not_installed_again(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv/.installed").touch()
    assert "pip install" not in _make(checkout, "--dry-run", "demo").stdout
    (checkout / "constraints.txt").write_text("numpy==2.4.6\n")
    later = (checkout / ".venv/.installed").stat().st_mtime + 10
    os.utime(checkout / "constraints.txt", (later, later))
    assert "pip install" in _make(checkout, "--dry-run", "demo").stdout


def test_the_demo_leaves_mlflows_server_to_what_starts_it(checkout: Path) -> None:
    assert "mlflow" not in _make(checkout, "--dry-run", "demo").stdout
    (checkout / ".venv").mkdir()
    (checkout / ".venv/.installed").touch()
    assert "mlflow" in _make(checkout, "--dry-run", "ui").stdout
    (checkout / ".venv/.installed-ui").touch()
    assert "pip install" not in _make(checkout, "--dry-run", "ui").stdout


@pytest.mark.slow
def test_a_failed_installation_shows_its_reason_and_is_tried_again(checkout: Path) -> None:
    programs = checkout / ".venv/bin"
    programs.mkdir(parents=True)
    for name in ("pip", "python"):
        (programs / name).write_text("#!/bin/sh\necho no such package as wanted\nexit 1\n")
        (programs / name).chmod(0o755)
    finished = _make(checkout, "demo", "FREE_GB=0")
    assert finished.returncode != 0
    assert "no such package as wanted" in finished.stderr
    assert "The installation failed; all of it is in .venv/install.log." in finished.stderr
    assert not (checkout / ".venv/.installed").exists()


def test_clean_spares_state_and_says_so(checkout: Path) -> None:
    for name in (".venv/bin", ".mypy_cache", ".xnai/lancedb"):
        (checkout / name).mkdir(parents=True)
    finished = _make(checkout, "clean")
    assert finished.returncode == 0, finished.stderr
    assert "State is kept" in finished.stdout
    assert (checkout / ".xnai/lancedb").is_dir()
    assert not (checkout / ".venv").exists()
    assert not (checkout / ".mypy_cache").exists()
    assert not (checkout / "tests/__pycache__").exists()


def test_bench_without_data_says_what_it_needs(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv/.installed-bench").touch()
    finished = _make(checkout, "bench")
    assert finished.returncode != 0
    assert "make bench DATA=path/to/data" in finished.stderr
