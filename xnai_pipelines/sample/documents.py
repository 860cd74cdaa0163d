"""Writes the documentation of the running interpreter's standard library as a folder of Markdown files."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from xnai_pipelines.sample.modules import module_names

# Last line of every document: says where the text is from, and tells the sample's files from the user's own.
_FOOTER = "From the documentation of Python's standard library.\n"


@dataclass(frozen=True, slots=True)
class SampleReport:
    """What `write_sample` did: how many documents it wrote, found unchanged, and removed."""

    written: int
    unchanged: int
    removed: int


def write_sample(folder: Path) -> SampleReport:
    """Writes one Markdown file for each public module of the standard library, such as `os.path.md`.

    The same interpreter writes the same bytes: files that already hold them are left alone. Documents of an
    earlier call that this interpreter does not have are removed; other files are never touched.

    Args:
        folder: Where to write; made if missing.

    Returns:
        The counts of documents written, unchanged and removed.

    Raises:
        FileExistsError: A file of a document's name is not of the sample. Nothing was written.
        RuntimeError: The interpreter that reads the documentation failed.
    """
    documents = {f"{name}.md": f"{text}\n\n{_FOOTER}" for name, text in _collect().items()}
    folder.mkdir(parents=True, exist_ok=True)
    present = {path.name: _read(path) for path in sorted(folder.glob("*.md"))}
    for name in sorted(documents.keys() & present.keys()):
        if _FOOTER not in present[name]:
            raise FileExistsError(
                f"{folder / name} is not of the sample and would be overwritten: choose another folder."
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


def _read(path: Path) -> str:
    """Return a file's text; bytes that are not UTF-8 compare unequal to every document."""
    return path.read_bytes().decode("utf-8", errors="replace") if path.is_file() else ""


def _collect() -> dict[str, str]:
    """Return {module name: Markdown}, read by an interpreter that sees the standard library alone."""
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
            f"{sys.executable} could not read its own documentation and ended with status {done.returncode}: "
            f"{done.stderr.strip()[-2000:]}"
        )
    documents: dict[str, str] = json.loads(done.stdout)
    return documents
