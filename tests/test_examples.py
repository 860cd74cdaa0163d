"""The examples work as their READMEs say, in a copy of their folder."""

import shutil
from pathlib import Path

import pytest

from tests.support.documented import ROOT, Block, blocks, world

EXAMPLES = ROOT / "examples"
READMES = sorted(EXAMPLES.glob("*/README.md"))
HOMES = {"dagster_component": (".xnai/handbook", ".xnai/services")}


def test_every_example_has_a_readme_that_is_run_and_a_line_in_the_list():
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert {block.page.parent.name for block in blocks(READMES)} == folders
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [name for name in folders if f"({name}/)" not in listed] == []


@pytest.mark.slow
@pytest.mark.timeout(1800)  # several commands, each a process of its own
@pytest.mark.parametrize("block", blocks(READMES), ids=str)
def test_an_example_runs_and_prints_what_it_claims(
    block: Block, tmp_path: Path, built_encoder, fp32_encoder, mlflow_database
):
    name = block.page.parent.name
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns(".xnai", "__pycache__"))
    folder = tmp_path / "examples" / name
    homes = [folder / home for home in HOMES.get(name, (".xnai",))]
    world(folder, homes, mlflow_database, built_encoder, fp32_encoder, HOME=str(tmp_path)).hold(block)
