from pathlib import Path

import pytest

from xnai_pipelines.sample.documents import write_sample


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample of the interpreter that runs the tests."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder
