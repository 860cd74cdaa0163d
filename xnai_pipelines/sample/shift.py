"""The shifted sample: Russian documents and questions on the same modules."""

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from xnai_pipelines.sample.documents import questions_path
from xnai_pipelines.state.layout import write_bytes

# Part of every source: the labels name documents like `ru/pathlib-01.md`.
_FOLDER = "ru"


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """What `write_shift` did: how many documents it wrote and found unchanged."""

    written: int
    unchanged: int


def write_shift(folder: Path) -> ShiftReport:
    """Return the counts after writing the Russian paragraphs into `folder`, one Markdown file each.

    The files are named like `ru/pathlib-01.md`. Unchanged files are not written; others are replaced atomically. Files
    with other names are never touched. The sample's own documents may be in the same folder: `write_sample` does not
    look into `ru`.

    Args:
        folder: Documents folder, created if missing.
    """
    changed = unchanged = 0
    for line in _shipped("paragraphs.jsonl").decode().splitlines():
        paragraph = json.loads(line)
        path = folder / _FOLDER / f"{paragraph['id']}.md"
        content = f"# {paragraph['title']}\n\n{paragraph['text']}\n".encode()
        if path.is_file() and path.read_bytes() == content:
            unchanged += 1
        else:
            write_bytes(path, content)
            changed += 1
    return ShiftReport(written=changed, unchanged=unchanged)


def shift_modules() -> frozenset[str]:
    """Return the modules of the standard library that the Russian paragraphs are about."""
    return frozenset(json.loads(line)["module"] for line in _shipped("paragraphs.jsonl").decode().splitlines())


def write_shift_questions(path: Path) -> None:
    """Write the sample's labelled questions, then the Russian ones, as one JSONL file.

    The sample's lines are as in `questions_path()`, without a split. A Russian line also has "id" and "split": two
    thirds of the paragraphs are for training and a third for test, and no paragraph is in both.

    Args:
        path: File to replace atomically. Its folder is created if missing.
    """
    write_bytes(path, questions_path().read_bytes() + _shipped("questions.jsonl"))


def _shipped(name: str) -> bytes:
    return resources.files("xnai_pipelines.sample").joinpath("shift", name).read_bytes()
