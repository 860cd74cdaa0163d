import io
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from tests.pipeline import five_files, settled, variables
from tests.workplace import Workplace
from xnai_pipelines.cli import main
from xnai_pipelines.encoding import Encoder


@dataclass(frozen=True)
class Said:
    """What a command printed and the code that it ended with."""

    code: int
    out: str
    err: str


Command = Callable[..., Said]


def command(environment: dict[str, str], *arguments: str) -> Said:
    """Run `xnai` with the arguments in this process, with this environment."""
    out, err = io.StringIO(), io.StringIO()
    arguments_of_process = mock.patch.object(sys, "argv", ["xnai", *arguments])
    ending = pytest.raises(SystemExit)
    with settled(environment), arguments_of_process, redirect_stdout(out), redirect_stderr(err), ending as ended:
        main()
    return Said(int(ended.value.code or 0), out.getvalue(), err.getvalue())


@pytest.fixture
def work(tmp_path: Path, built_encoder: Encoder) -> Workplace:
    """A folder of five files, one of them broken, and its home before the first run."""
    return five_files(Workplace(tmp_path, built_encoder))


@pytest.fixture(scope="session")
def answering(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    """A home after its first run; tests only read it."""
    work = five_files(Workplace(tmp_path_factory.mktemp("answering"), built_encoder))
    said = command(variables(work), "run")
    assert said.code == 0, said.err
    return work
