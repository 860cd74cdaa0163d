"""Every folder of the package says in its docstring which of its modules to read first."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.pipeline import ROOT

PACKAGE = ROOT / "xnai_pipelines"
FOLDERS = sorted(file.parent for file in PACKAGE.rglob("__init__.py"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.relative_to(ROOT).as_posix())
def test_a_folder_names_the_module_to_read_first(folder: Path):
    told = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    first = re.search(r"\bRead\b[^`]*`([\w/]+\.py)`", told)
    assert first, "the docstring has no sentence like: Read `make.py` first."
    assert (folder / first[1]).is_file()
    missing = [name for name in re.findall(r"`([\w/]+\.py)`", told) if not (folder / name).is_file()]
    assert not missing, "the docstring names modules that are not there"
