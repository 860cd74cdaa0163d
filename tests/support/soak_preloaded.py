"""What the processes of `make soak` find imported and read, so that a kill costs what is killed and no start."""

import peft  # noqa: F401
import torch  # noqa: F401
import transformers  # noqa: F401

import tests.support.preloaded
import tests.support.soaked  # noqa: F401
from xnai_pipelines.documents.parsers.text.language import identify_language

identify_language("The model of languages unpacks into a temporary file, which would not be one of the home.")
