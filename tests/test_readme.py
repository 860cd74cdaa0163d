"""What the README says is so: its settings, its commands, its code."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.pipeline import ROOT
from tests.support.workplace import link_models
from xnai_pipelines.settings import Settings

README = (ROOT / "README.md").read_text(encoding="utf-8")

OF_THIS_MACHINE = {
    "home": "`.xnai`",
    "threads": "all processors",
    "training": "",
}


def settings_table() -> str:
    """Return the README's table of settings."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        if name == "kill_after_commits":
            continue  # for tests
        default = field.default
        shown = "" if default in (None, ()) else f"`{default}`"
        shown = OF_THIS_MACHINE.get(name, shown)
        lines.append(f"| `XNAI_{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines)


def test_the_readme_lists_every_setting_with_its_default_and_meaning():
    listed = README.split("<!-- settings -->")[1].split("<!-- /settings -->")[0].strip()
    assert listed == settings_table(), f"README.md should list:\n{settings_table()}"


@pytest.mark.slow
def test_the_readmes_commands_and_code_work_as_pasted(tmp_path, built_encoder):
    home, documents = tmp_path / "home", tmp_path / "docs"
    documents.mkdir()
    (documents / "shutil.md").write_text("# Keys\n\nHow to rotate the signing keys: run `rotate`, then restart.\n" * 3)
    (documents / "keys.md").write_text("# Copying\n\nTo copy a folder, name it and the place for the copy.\n")
    (documents / "security").mkdir()
    (documents / "security" / "keys.md").write_text("# Signing keys\n\nThey are kept in the safe and changed in May.\n")
    for number in range(120):  # enough to calibrate with
        steps = " ".join(f"Step {step} of part {number} follows the one before." for step in range(10))
        (documents / f"{number}.md").write_text(f"# Part {number}\n\n{steps}\n")
    (tmp_path / "questions.jsonl").write_text('{"question": "copy a folder", "documents": ["keys.md"]}\n')
    home.mkdir()
    link_models(home / "models", built_encoder.spec.source.parent)
    environment = {**os.environ, "XNAI_HOME": str(home), "XNAI_DOCUMENTS": str(documents)}
    commands = re.findall(r"^\$ (?:XNAI_QUESTIONS=\S+ )?\.venv/bin/xnai (.+)$", README, re.MULTILINE)
    assert len(commands) >= 5
    for command in commands:
        if "XNAI_QUESTIONS" in README.split(command)[0].splitlines()[-1]:
            environment["XNAI_QUESTIONS"] = str(tmp_path / "questions.jsonl")
        done = _run(["-m", "xnai_pipelines.cli", *shlex.split(command)], environment, tmp_path)
        assert done.returncode == 0, f"xnai {command}: {done.stderr}"
    printed = []
    for block in README.split("```python\n")[1:]:
        done = _run(["-c", block.split("```")[0].replace('".xnai"', repr(str(home)))], environment, tmp_path)
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout)
    assert "4-bit" in printed[0]
    assert printed[1].startswith("shutil.md 0 ")


def _run(arguments: list[str], environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
