"""The public face is small, and searching through it loads neither quantizers nor Dagster nor MLflow."""

import subprocess
import sys

import pytest

import xnai_pipelines
from xnai_pipelines import search
from xnai_pipelines.errors import QueryError, ReleaseError
from xnai_pipelines.models import quantization


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a fresh process has loaded after the statement."""
    program = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_names_are_these():
    assert xnai_pipelines.__all__ == ["open"]
    assert search.__all__ == ["Filters", "Hit", "Mode", "QueryError", "SearchIndex", "VectorSpaceError"]
    assert quantization.__all__ == [
        "Granularity",
        "Method",
        "Scheme",
        "inspect",
        "load",
        "quantize",
        "save",
        "to_onnx",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("statement", ["from xnai_pipelines.search import SearchIndex", "import xnai_pipelines.opened"])
def test_a_search_imports_no_quantizer_no_dagster_and_no_mlflow(statement):
    loaded = loaded_by(statement)
    assert "xnai_pipelines.search.index" in loaded
    heavy = {"dagster", "mlflow", "torch", "transformers", "peft", "scipy", "pandas", "matplotlib", "onnx", "lancedb"}
    assert not loaded & heavy
    of_ours = {name for name in loaded if name.startswith("xnai_pipelines.")}
    above_search = ("models", "adapters", "evaluation", "autonomy", "releases", "defs", "cli", "settings")
    assert not {name for name in of_ours if name.split(".")[1] in above_search}


def test_a_home_that_is_not_there_is_told_from_one_without_a_release(tmp_path):
    (tmp_path / "file").touch()
    for name in ("mistyped", "file"):
        with pytest.raises(ReleaseError, match=f"There is no folder {tmp_path / name}"):
            xnai_pipelines.open(tmp_path / name)


def test_an_opened_home_searches_and_says_how_it_does(filled):
    with pytest.raises(ReleaseError, match="Nothing is released"):
        xnai_pipelines.open(filled.home.root)
    filled.ingest()
    base = xnai_pipelines.open(filled.home.root, threads=1)
    hits = base.search("rain", k=2, mode="keyword")
    assert base.release == 1
    assert 1 <= len(hits) <= 2
    assert base.search("rain", k=2, mode="keyword") == hits
    status = base.status()
    assert status.home == str(filled.home.root)
    assert status.facts["release"].startswith("1, made ")
    with pytest.raises(QueryError, match="mode 'magic' is not one of"):
        base.search("rain", mode="magic")
    with pytest.raises(QueryError, match="k=0 is below 1"):
        base.search("rain", k=0)
