"""What the processes of `tests.support.processes` find imported. LanceDB resets what it started when it is forked."""

import onnxruntime  # noqa: F401
import tokenizers  # noqa: F401

import tests.support.workplace  # noqa: F401
from xnai_pipelines.state.lancedb_import import imported_lancedb

imported_lancedb()
