"""NumPy does not take the processors from the threads that encode, whichever was imported first."""

import os
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

PROGRAM = """
import sys
from pathlib import Path
import numpy
from threadpoolctl import threadpool_info, threadpool_limits
threadpool_limits(3, user_api="blas")  # as NumPy has on a machine of three processors
from xnai_pipelines.encoders.encoder import open_session
open_session(Path(sys.argv[1]))
print(*(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"))
"""


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """A model that returns what it is given."""
    given, returned = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("given", "returned"))
    nodes = [helper.make_node("Identity", ["given"], ["returned"])]
    model = helper.make_model(
        helper.make_graph(nodes, "same", [given], [returned]), opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    return path


@pytest.mark.parametrize(("given", "found"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")])
def test_numpy_imported_first_has_one_thread_once_a_model_is_open_unless_told_otherwise(
    graph: Path, given: dict[str, str], found: str
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    command = [sys.executable, "-c", PROGRAM, str(graph)]
    assert subprocess.check_output(command, env={**environment, **given}, text=True).split() == [found]
