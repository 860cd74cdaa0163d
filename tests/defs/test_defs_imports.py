"""Loading the code location, which the process of every run does, imports nothing heavy and writes nothing."""

import json
import subprocess
import sys

import pytest

from tests.support.pipeline import ROOT, variables

HEAVY = {
    "torch", "transformers", "peft", "sentence_transformers", "optimum", "mlflow", "pandas", "lancedb", "matplotlib",
    "scipy",
}  # fmt: skip
LOAD = """
import json, sys, time
started = time.process_time()
from xnai_pipelines.definitions import defs
defs().resolve_all_job_defs()
print(json.dumps({"seconds": time.process_time() - started, "modules": sorted(sys.modules)}))
"""


@pytest.mark.slow
def test_loading_the_code_location_imports_nothing_heavy_and_writes_nothing(tmp_path):
    home = tmp_path / "home"
    environment = variables(home=home)
    done = subprocess.run(
        [sys.executable, "-c", LOAD], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = json.loads(done.stdout)
    assert not HEAVY & set(loaded["modules"])
    assert not home.exists()
    assert loaded["seconds"] < 30  # a guard against a new import of seconds; the bar of 3 s is measured by make bench
