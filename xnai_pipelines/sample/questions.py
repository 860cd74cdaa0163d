"""Where the sample's labelled questions are."""

from importlib import resources
from pathlib import Path


def questions_path() -> Path:
    """Return the JSONL file of the labelled questions.

    A line is {"question": "...", "documents": ["os.path.md", ...]}, with every document that answers it.
    """
    return Path(str(resources.files("xnai_pipelines.sample").joinpath("questions.jsonl")))
