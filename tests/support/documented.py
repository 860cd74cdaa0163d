"""Blocks of code in README.md and docs/ that are run, and what they claim to print.

A fenced block under `<!-- run: WORLD -->` is run in that world. In a console block, lines that begin with "$ " are
commands and the others are what they print; a line "..." stands for any lines. What a Python block prints stands in a
text block right after it. With UPDATE_DOCS=1 the tests write what is printed into the pages.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import commands, forked
from tests.support.workplace import link_models
from xnai_pipelines.encoders.encoder import Encoder

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
UPDATE = os.environ.get("UPDATE_DOCS") == "1"

FENCE = re.compile(
    r"<!-- run: (?P<world>\w+) -->\n```(?P<language>console|python)\n(?P<code>.*?)```\n"
    r"(?:\n```text\n(?P<printed>.*?)```\n)?",
    re.DOTALL,
)
# Figures differ by processor: INT8 kernels round differently.
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
FIGURE = re.compile(r"(?<![\d.])[01]\.\d{3}(?!\d)")
FIGURE_TOLERANCE = 0.03
SEPARATOR = "\x1e"


@dataclass(frozen=True, slots=True)
class Block:
    """A block that is run.

    Attributes:
        page: The page that holds it.
        line: Its first line there.
        world: What it is run in.
        language: console or python.
        code: Its text.
        printed: What a Python block claims to print; None if it claims nothing.
    """

    page: Path
    line: int
    world: str
    language: str
    code: str
    printed: str | None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def commands(self) -> list[tuple[str, str]]:
        """Each command of a console block with what it claims to print."""
        parts = re.split(r"^\$ ", self.code, flags=re.MULTILINE)[1:]
        return [(command, printed) for command, _, printed in (part.partition("\n") for part in parts)]

    @property
    def asked(self) -> tuple[str, ...]:
        """The commands of a console block, the code of a Python block."""
        return tuple(command for command, _ in self.commands) if self.language == "console" else (self.code,)

    def run(self, folder: Path, environment: dict[str, str]) -> list[str]:
        """Run the block and return what each command printed; a Python block is one command."""
        if self.language == "python":
            return [_printed(commands.run(["-c", self.code], environment, folder))]
        python = f'"{sys.executable}"'
        lines = [
            "set -eu",
            f'dg() {{ python "{Path(sys.executable).parent / "dg"}" "$@"; }}',
            f'python() {{ {python} -S -E "{forked.__file__}" "$@"; }}',
            'xnai() { python -m xnai_pipelines.cli "$@"; }',
        ]
        for command, _ in self.commands:
            lines += [command, f"printf '{SEPARATOR}'"]
        given = {**environment, forked.SERVER: commands.server()}
        shell = ["bash", "-c", "\n".join(lines)]
        done = subprocess.run(shell, cwd=folder, env=given, capture_output=True, text=True, check=False)
        return _printed(done).split(SEPARATOR)[:-1]

    def claims(self) -> list[str]:
        """Return what each command claims to print; empty if nothing is claimed."""
        return [self.printed or ""] if self.language == "python" else [printed for _, printed in self.commands]

    def updated(self, printed: list[str]) -> str:
        """Return the page's text with what was printed in place of what is claimed."""
        text = self.page.read_text(encoding="utf-8")
        if self.language == "python":
            return text.replace(f"```text\n{self.printed}```", f"```text\n{_trimmed(printed[0])}```")
        code = "".join(
            f"$ {command}\n{_fresh(claimed, shown) if claimed else ''}"
            for (command, claimed), shown in zip(self.commands, printed, strict=True)
        )
        return text.replace(f"```console\n{self.code}```", f"```console\n{code}```")


def blocks(pages: Sequence[Path]) -> list[Block]:
    """Return the blocks of the pages that are run."""
    found = []
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(Block(page, line, *match.group("world", "language", "code", "printed")))
    return found


@dataclass(frozen=True)
class World:
    """Where blocks are run.

    Attributes:
        folder: The folder that is HOME and in which commands run.
        environment: The commands' environment.
        made: What the commands that made the world printed, by those commands; a page that shows them is compared with
            this.
    """

    folder: Path
    environment: dict[str, str]
    made: dict[tuple[str, ...], list[str]] = field(default_factory=dict)

    def hold(self, block: Block, tolerance: float = FIGURE_TOLERANCE) -> None:
        """Assert that the block runs and prints what it claims; write what it prints instead if pages are updated."""
        printed = self.made.get(block.asked) or block.run(self.folder, self.environment)
        if UPDATE:
            block.page.write_text(block.updated(printed), encoding="utf-8")
            return
        for claimed, shown in zip(block.claims(), printed, strict=True):
            assert (problem := difference(claimed, shown, tolerance)) is None, problem


def world(folder: Path, homes: Sequence[Path], database: Path, *encoders: Encoder, **variables: str) -> World:
    """Return a world in this folder whose homes have the encoders and MLflow's empty database made already."""
    for home in homes:
        link_models(home / "models", *encoders)
        shutil.copy(database, home)
    threads = {} if UPDATE else {"XNAI_THREADS": "1"}  # pages show what all cores take; tests share the cores
    return World(folder, {**commands.environment(), "HOME": str(folder), "COLUMNS": "100", **threads, **variables})


def difference(claimed: str, printed: str, tolerance: float = FIGURE_TOLERANCE) -> str | None:
    """Return in words how what was printed differs from what is claimed; None if it does not.

    Words must agree, and figures of three decimals within the tolerance. Other numbers, such as times and sizes, may
    differ, and so may spaces and line ends, which depend on the numbers' widths.
    """
    at = 0
    for part in re.split(r"^\.\.\.$", claimed, flags=re.MULTILINE):
        words, found = _words(part), _words(printed)
        if not words:
            continue
        start = _position(words, found, at, tolerance)
        if start is None:
            return f"This is claimed:\n{part}\nThis is printed:\n{printed}"
        at = start + len(words)
    return None


def _position(words: list[str], found: list[str], at: int, tolerance: float) -> int | None:
    """Return where the words begin in what was found, from `at` on; None if they do not."""

    def same(claimed: str, printed: str) -> bool:
        figures = zip(FIGURE.findall(claimed), FIGURE.findall(printed), strict=False)
        near = all(abs(float(a) - float(b)) <= tolerance for a, b in figures)
        return near and NUMBER.sub("#", claimed) == NUMBER.sub("#", printed)

    starts = range(at, len(found) - len(words) + 1)
    return next((s for s in starts if all(map(same, words, found[s : s + len(words)]))), None)


def _words(text: str) -> list[str]:
    return re.sub(r"─+", " ", text).split()


def _fresh(claimed: str, printed: str) -> str:
    """Return what was printed, cut to the parts that are claimed between lines of "..."."""
    lines, at, fresh = _trimmed(printed).splitlines(), 0, []
    for part in re.split(r"^(\.\.\.)$\n?", claimed, flags=re.MULTILINE):
        if part == "...":
            fresh.append("...")
        elif part.strip():
            wanted = part.strip("\n").splitlines()
            starts = range(at, len(lines) - len(wanted) + 1)
            words = [_words(line) for line in wanted]
            start = next((s for s in starts if all(_alike(w, _words(lines[s + n])) for n, w in enumerate(words))), at)
            fresh += lines[start : start + len(wanted)]
            at = start + len(wanted)
    return "".join(f"{line}\n" for line in fresh)


def _alike(claimed: list[str], printed: list[str]) -> bool:
    return [NUMBER.sub("#", word) for word in claimed] == [NUMBER.sub("#", word) for word in printed]


def _trimmed(printed: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in printed.strip("\n").splitlines())


def _printed(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
