"""The sample: the documentation of the running interpreter's standard library, and labelled questions on it."""

import json
import subprocess
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from xnai_pipelines.sample.modules import module_names

# Last line of every document: names the source, and distinguishes the sample's files from the user's own.
_FOOTER = "From the documentation of Python's standard library.\n"


@dataclass(frozen=True, slots=True)
class SampleReport:
    """What `write_sample` did: how many documents it wrote, found unchanged, and removed."""

    written: int
    unchanged: int
    removed: int


def write_sample(folder: Path) -> SampleReport:
    """Return the counts after writing one Markdown file per public module of the standard library.

    The same interpreter writes the same bytes, and unchanged files are not written. Documents of an earlier call that
    this interpreter does not have are removed. Other files are never touched.

    Args:
        folder: Folder to write to, created if missing.

    Raises:
        FileExistsError: A file with a document's name is not part of the sample. Nothing was written.
        RuntimeError: The interpreter that reads the documentation failed.
    """
    documents = {f"{name}.md": f"{text}\n\n{_FOOTER}" for name, text in _collect().items()}
    folder.mkdir(parents=True, exist_ok=True)
    present = {path.name: _read(path) for path in sorted(folder.glob("*.md"))}
    for name in sorted(documents.keys() & present.keys()):
        if _FOOTER not in present[name]:
            raise FileExistsError(
                f"{folder / name} is not part of the sample and would be overwritten. Choose another folder."
            )
    changed = [name for name, text in documents.items() if present.get(name) != text]
    for name in changed:
        partial = folder / f".{name}.partial"
        partial.write_text(documents[name], encoding="utf-8", newline="\n")
        partial.replace(folder / name)
    gone = [name for name, text in present.items() if name not in documents and text.endswith(_FOOTER)]
    for name in gone:
        (folder / name).unlink()
    return SampleReport(written=len(changed), unchanged=len(documents) - len(changed), removed=len(gone))


def questions_path() -> Path:
    """Return the JSONL file of the labelled questions.

    Each line is {"question": "...", "documents": ["os.path.md", ...]} with every document that answers the question.
    """
    return Path(str(resources.files("xnai_pipelines.sample").joinpath("questions.jsonl")))


def _read(path: Path) -> str:
    """Return a file's text. Bytes that are not UTF-8 differ from every document."""
    return path.read_bytes().decode("utf-8", errors="replace") if path.is_file() else ""


def _collect() -> dict[str, str]:
    """Return {module name: Markdown}, read by an interpreter that sees only the standard library."""
    script = Path(__file__).with_name("collect.py")
    done = subprocess.run(
        # Isolated, without site-packages: nothing installed can stand in for a module or change the builtins.
        [sys.executable, "-I", "-S", "-W", "ignore", "-X", "utf8", str(script)],
        input=json.dumps(module_names()),
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    if done.returncode != 0:
        raise RuntimeError(
            f"{sys.executable} could not read its own documentation and exited with status {done.returncode}: "
            f"{done.stderr.strip()[-2000:]}"
        )
    documents: dict[str, str] = json.loads(done.stdout)
    return documents
