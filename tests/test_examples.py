"""The examples work as their READMEs say, in a copy of their folder."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

from tests.support.documented import ROOT, UPDATE, Block, blocks, difference
from tests.support.workplace import link_models

EXAMPLES = ROOT / "examples"
READMES = sorted(EXAMPLES.glob("*/README.md"))


def test_every_example_has_a_readme_that_is_run_and_a_line_in_the_list():
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert {block.page.parent.name for block in blocks(READMES)} == folders
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [name for name in folders if f"({name}/)" not in listed] == []


@pytest.mark.slow
@pytest.mark.timeout(1800)  # several commands, each a process of its own
@pytest.mark.parametrize("block", blocks(READMES), ids=str)
def test_an_example_runs_and_prints_what_it_claims(block: Block, tmp_path: Path, built_encoder):
    name = block.page.parent.name
    if name == "dagster_component" and importlib.util.find_spec("xnai_pipelines.components") is None:
        pytest.skip("the component is on its way")
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns(".xnai", "__pycache__"))
    folder = tmp_path / "examples" / name
    link_models(folder / ".xnai/models", built_encoder)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XNAI_", "DAGSTER_", "MLFLOW_"))}
    printed = block.run(folder, {**kept, "HOME": str(tmp_path), "COLUMNS": "100"})
    if UPDATE:
        block.page.write_text(block.updated(printed), encoding="utf-8")
        return
    for claimed, shown in zip(block.claims(), printed, strict=True):
        if claimed:
            assert (problem := difference(claimed, shown)) is None, problem
