"""What the processes of `tests.support.processes` find imported. LanceDB resets what it started when it is forked."""

import onnxruntime
import tokenizers

import tests.support.workplace
from xnai_pipelines.state.lancedb_import import imported_lancedb

imported_lancedb()
