"""Documents and questions of another kind than the sample's, Russian instead of English, on the same modules."""

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from xnai_pipelines.sample.questions import questions_path
from xnai_pipelines.state.layout import write_bytes

# Part of every source: the labels name `ru/pathlib-01.md`.
_FOLDER = "ru"


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """What `write_shift` did: how many documents it wrote and found unchanged."""

    written: int
    unchanged: int


def write_shift(folder: Path) -> ShiftReport:
    """Return the counts after writing the Russian paragraphs into `folder`, one Markdown file each.

    The files are named like `ru/pathlib-01.md`. Those that already hold their text are left alone, all others
    of these names are replaced, each whole or not at all; other files are never touched. The sample's own
    documents may lie in the same folder: `write_sample` does not look into `ru`.

    Args:
        folder: The folder of the documents, made if missing.
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
    """Write the sample's own labelled questions and after them the Russian ones as one JSONL file.

    The lines of the sample are as in `questions_path()`, without a split. A Russian line has "id" and "split"
    too: two thirds of the paragraphs are for training, a third for the test, and no paragraph is in both.

    Args:
        path: The file to replace, whole or not at all; its folder is made if missing.
    """
    write_bytes(path, questions_path().read_bytes() + _shipped("questions.jsonl"))


def _shipped(name: str) -> bytes:
    return resources.files("xnai_pipelines.sample").joinpath("shift", name).read_bytes()
