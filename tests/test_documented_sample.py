"""The commands and the code that the pages show on the sample run, and print what the pages claim.

The sample is made small: a seventh of its documents, with the questions that these answer. The figures that README.md
shows are those of the whole sample. WHOLE_SAMPLE=1 indexes it, as CI does and UPDATE_DOCS=1, and compares them. Without
it their words are compared, and what search finds in the small sample has a floor of its own.
"""

import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests.support import commands
from tests.support.documented import FIGURE_TOLERANCE, PAGES, UPDATE, Block, World, blocks, world
from xnai_pipelines.sample.documents import questions_path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),  # the whole sample takes minutes of processor time
    pytest.mark.skipif(
        sys.version_info[:2] != (3, 11),
        reason="the sample is the documentation of the Python that runs; the pages show that of 3.11",
    ),
]

SAMPLE = [block for block in blocks(PAGES) if block.world == "sample"]
WHOLE = UPDATE or os.environ.get("WHOLE_SAMPLE") == "1"
DEMO = ("make demo",)
# What the pages ask about, and short ones that many questions are about.
FEW = (
    "atexit binascii bisect cmath colorsys contextlib copy datetime email enum fractions functools getpass glob "
    "hashlib html importlib itertools keyword linecache math mmap netrc os os.path pathlib reprlib shlex shutil "
    "string tomllib webbrowser zlib zoneinfo"
)
DEMO_OF_FEW = """
import sys
from pathlib import Path
from xnai_pipelines.cli.app import main
from xnai_pipelines.sample import documents
few, questions = sys.argv.pop(1), Path(sys.argv.pop(1))
documents.module_names = few.split
documents.questions_path = lambda: questions
main()
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory, built_encoder, mlflow_database) -> World:
    """The home that `make demo` leaves, of the small sample."""
    folder = tmp_path_factory.mktemp("sample")
    home = folder / ".xnai"
    sample = world(folder, [home], mlflow_database, built_encoder, XNAI_HOME=str(home))
    command = ["-m", "xnai_pipelines.cli", "demo"]
    if not WHOLE:
        command = ["-c", DEMO_OF_FEW, FEW, str(answered_by_few(folder)), "demo"]
    done = commands.run(command, sample.environment, folder)
    assert done.returncode == 0, done.stderr
    sample.made[DEMO] = [done.stdout]
    return sample


def answered_by_few(folder: Path) -> Path:
    """Return a file of the sample's questions of which the small sample has every answer."""
    lines = questions_path().read_text(encoding="utf-8").splitlines()
    known = {f"{name}.md" for name in FEW.split()}
    file = folder / "few.jsonl"
    file.write_text("\n".join(line for line in lines if known.issuperset(json.loads(line)["documents"])))
    return file


@pytest.mark.parametrize("block", SAMPLE, ids=str)
def test_a_documented_block_runs_and_prints_what_it_claims(sample: World, block: Block):
    if not WHOLE and any("ask" in command for command in block.asked):
        pytest.skip("what is refused depends on the questions of the whole sample")
    sample.hold(block, tolerance=1 if block.asked == DEMO and not WHOLE else FIGURE_TOLERANCE)


@pytest.mark.skipif(WHOLE, reason="the figures of the whole sample are compared with README.md's")
def test_the_demo_finds_what_is_asked_for(sample: World):
    (printed,) = sample.made[DEMO]
    accuracy = {mode: float(figure) for mode, figure in re.findall(r"^ (\w+) +(\d\.\d{3}) \[", printed, re.MULTILINE)}
    assert accuracy["hybrid"] > 0.8
    assert accuracy["vector"] > 0.8
    assert accuracy["keyword"] > 0.6
