"""A command loads what it uses: help the command line alone, a search nothing of training, plots or orchestration.

Modules, not seconds: `python -m benchmarks.startup` measures those.
"""

import subprocess
import sys

import pytest

from tests.support.pipeline import variables
from tests.support.workplace import Workplace

# Runs `xnai` with the arguments given, and names on standard error what was imported.
NAMED = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
from xnai_pipelines.cli import main
main()
"""
# What a command of ours could wait for without using it: a tenth of a second to several seconds each.
HEAVY = {
    "dagster", "huggingface_hub", "matplotlib", "mlflow", "onnx", "pandas", "scipy", "sqlalchemy", "torch",
    "transformers",
}  # fmt: skip
OF_A_SEARCH = {"numpy", "onnxruntime", "pyarrow", "pydantic_settings", "tokenizers"}


def modules(environment: dict[str, str], *arguments: str) -> tuple[str, set[str]]:
    """Return what the command printed and the modules that it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", NAMED, *arguments],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout, set(done.stderr.split())


def packages(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--help"], ["search", "--help"]], ids=" ".join)
def test_help_loads_the_command_line_and_reads_no_setting(tmp_path, arguments):
    said, loaded = modules(variables(home=tmp_path / "home", chunk_size=3), *arguments)
    assert "Search the current release" in said
    assert not packages(loaded) & (HEAVY | OF_A_SEARCH)
    assert "xnai_pipelines.settings" not in loaded
    assert not (tmp_path / "home").exists()


@pytest.mark.slow
def test_settings_load_no_index_and_no_encoder():
    code = "import sys, xnai_pipelines.settings; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not packages(loaded) & (HEAVY | {"lancedb", "onnxruntime", "tokenizers"})
    assert not loaded & {"xnai_pipelines.search.index", "xnai_pipelines.encoders.encoder"}


@pytest.mark.slow
def test_a_search_loads_its_index_and_encoder_alone(answering: Workplace):
    said, loaded = modules(variables(answering), "search", "solar panels")
    assert " 1. " in said
    assert packages(loaded) >= OF_A_SEARCH
    assert not packages(loaded) & HEAVY
    assert not {name for name in loaded if name.startswith("lance_namespace_urllib3_client.api")}
    others = (
        *("adapters.make", "cli.queries", "cli.runs", "defs", "models.make", "models.quantization"),
        *("documents.make", "documents.parsers", "documents.health.make", "answers", "serving.app"),
    )
    assert not {name for name in loaded if name.startswith(tuple(f"xnai_pipelines.{other}" for other in others))}


@pytest.mark.slow
@pytest.mark.parametrize("command", ["sources", "history", "plan", "releases"])
def test_what_reads_a_home_and_runs_nothing_loads_no_orchestration(answering: Workplace, command):
    _, loaded = modules(variables(answering), command)
    assert "dagster" not in packages(loaded)
